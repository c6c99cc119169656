"""A source that cannot be found by its number.

What it checks
    DOI and PMID have their form, and `checked` says source or memory.

Why it matters
    A reader follows the number to the paper.

Wrong
    `DOI: doi.org/10.1000/1`

Right
    `DOI: 10.1000/1`
"""

import re
from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject

CODE = "L304"
FORMS = {
    "DOI": re.compile(r"10\.\d{4,9}/\S+"),
    "PMID": re.compile(r"\d{1,8}"),
}


def look(subject: Subject) -> Iterator[Found]:
    """Each identifier of a publication."""
    for entry, data in subject.listed("evidence"):
        for key, form in FORMS.items():
            if key in data and not form.fullmatch(str(data[key])):
                message = f"this is no {key} of '{data['id']}'"
                yield Found(entry, message, "Copy it from the publication.", (key,))
        if data.get("checked") not in ("source", "memory"):
            message = f"'{data['id']}' does not say how it was checked"
            yield Found(entry, message, "Write checked: source, or checked: memory.", ("id",))
