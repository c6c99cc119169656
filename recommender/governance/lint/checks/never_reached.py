"""Wording that no answer can reach.

What it checks
    Some rule recommends every adaptation and refers to every pathway; every feature is asked about
    and every source cited. A plain field of the profile may be kept for the record.

Why it matters
    What nothing leads to is read, reviewed and signed for nothing, or somebody forgot its rule.

Wrong
    an adaptation that no rule recommends

Right
    a rule that recommends it, or no such adaptation
"""

from collections.abc import Iterator

from recommender.governance.lint.subject import Found, Subject
from recommender.rules import Verb

CODE = "L207"


def look(subject: Subject) -> Iterator[Found]:
    """Adaptations, pathways, features, sources and rules that nothing leads to."""
    rulebook = subject.rulebook
    recommended = {name for r in subject.live if r.verb is Verb.RECOMMEND for name in r.targets}
    yield from _unnamed(subject, "adaptations", recommended, "no rule recommends")
    referred = {rule.text.refer for rule in subject.live if rule.text.refer}
    yield from _unnamed(subject, "pathways", referred, "no rule refers to")
    cited = {name for rule in subject.live for name in rule.text.evidence}
    cited |= {name for one in rulebook.instruments.values() for name in one.source}
    yield from _unnamed(subject, "evidence", cited, "nothing cites")
    fields = {f.id for f in rulebook.features.values() if not f.from_ and not f.concluded}
    yield from _unnamed(subject, "features", _asked(subject) | fields, "nothing asks about")
    for rule in subject.live:
        lost = [name for name in rule.targets if name not in recommended]
        if rule.verb in (Verb.CAUTION, Verb.TAILOR) and lost:
            message = f"speaks about '{lost[0]}', which no rule recommends"
            yield Found(
                ("rules", rule.id), message, "Take the name out, or recommend it somewhere."
            )


def _unnamed(subject: Subject, section: str, named: set[str], what: str) -> Iterator[Found]:
    for entry, data in subject.listed(section):
        if data["id"] not in named:
            yield Found(entry, f"{what} '{data['id']}'", "Take it out, or use it.", ("id",))


def _asked(subject: Subject) -> set[str]:
    """Features that a rule, another feature or a table of bands reads."""
    rulebook = subject.rulebook
    asked = set(rulebook.used)
    for feature in rulebook.features.values():
        for source in feature.from_:
            if not isinstance(source, str):
                asked |= {source.set or "", source.date or ""}
                asked |= {part.feature for part in source.parts or ()}
                asked |= set(source.applies_when or ())
    for instrument in rulebook.instruments.values():
        asked |= set(instrument.bands_by)
    return asked
