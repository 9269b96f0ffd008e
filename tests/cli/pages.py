"""What tests read of a page of HTML."""

from html.parser import HTMLParser

VOID = {"meta"}


class Page(HTMLParser):
    """A page whose every element is closed where it should be.

    `cells` holds the texts of the cells of each row, and `kinds` the classes of the rows.
    """

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements = set()
        self.attributes = []
        self.texts = []
        self.cells = []
        self.kinds = []
        self._open = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.cells.append([])
            self.kinds.append(dict(attrs).get("class"))
        elif tag == "td":
            self.cells[-1].append("")

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> where nothing is open"
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if "td" in self._open:
            self.cells[-1][-1] += data

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    @property
    def rows(self):
        """The cells of the rows that have some: bytes, name, value, meaning."""
        return [each for each in self.cells if each]
