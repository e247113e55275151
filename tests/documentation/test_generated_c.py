"""The page on generated C shows what is generated.

Run as a program, this writes the page anew.
"""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "generated_c.md"
CODE = re.compile(r"^```(python|c)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def generated(text):
    """The C of the program on the page."""
    program = dict(CODE.findall(text))["python"]
    names = {"__name__": "page"}
    exec(compile(program, "train.py", "exec"), names)
    return names["train"].source()


def test_the_page_shows_what_is_generated():
    text = PAGE.read_text("utf-8")
    assert dict(CODE.findall(text))["c"] == generated(text)


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    shown = generated(page)
    made = CODE.sub(lambda m: m[0] if m[1] != "c" else f"```c\n{shown}```", page)
    PAGE.write_text(made, encoding="utf-8")
