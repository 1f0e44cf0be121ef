"""Pages for people: login, who may see what, and one module a page. Rendered on the server; scripts only add comfort."""
