"""What a failure must look like to the person at the terminal."""


def assert_one_sentence(text: str, *named: str) -> None:
    """One line, cause and remedy parted by a colon, naming what is `named`."""
    assert "\n" not in text
    assert ". " not in text, text
    cause, _, remedy = text.rpartition(": ")
    assert len(cause) > 10, text
    assert len(remedy) > 10, text
    for word in named:
        assert word in text, f"{word!r} not in {text!r}"
