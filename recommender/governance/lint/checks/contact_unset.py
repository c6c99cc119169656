"""A pathway whose contact nobody has set.

What it checks
    Every contact that a pathway names is set in rulebook.yaml.

Why it matters
    A stop that says whom to call is worth more than one that says "not set".

Wrong
    `crisis_team: null`

Right
    `crisis_team: Crisis team, extension 100`
"""

from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject

CODE = "L404"


def look(subject: Subject) -> Iterator[Found]:
    """Each contact that a pathway names."""
    contacts = subject.rulebook.header.contacts
    for entry, data in subject.listed("pathways"):
        contact = data.get("contact")
        if contact and not contacts.get(contact):
            message = f"'{data['id']}' leads to '{contact}', which is not set for this place"
            hint = "Set it in rules/rulebook.yaml of the site."
            yield Found(entry, message, hint, ("contact",))
