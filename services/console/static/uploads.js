// Files dropped on the field are taken as if they had been chosen; what was taken is listed with its size.
export function uploads(root) {
  for (const camera of root.querySelectorAll("#camera")) {
    camera.addEventListener("change", () => {
      document.getElementById("camera-taken").textContent = camera.files.length ? `已拍 ${camera.files.length} 张，提交后上传` : "";
    });
  }
  for (const zone of root.querySelectorAll(".drop")) {
    const input = zone.querySelector("input[type=file]");
    const list = zone.querySelector("ul");
    const show = () => {
      list.replaceChildren(...[...input.files].map((file) => {
        const line = document.createElement("li");
        line.textContent = `${file.name}（${Math.max(1, Math.round(file.size / 1024))} KB）`;
        return line;
      }));
    };
    input.addEventListener("change", show);
    for (const name of ["dragenter", "dragover"]) {
      zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
    }
    for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}
