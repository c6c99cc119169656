"""G01: a rule that never fires, whoever the patient is.

*What it checks.* That each rule in effect fires for somebody.
*Why it matters.* A rule nobody can meet looks like care that is given and is not: most often two
parts of its condition exclude each other, or what it rests on can never be concluded.
*Wrong.* `when: {age: {at_least: 65}, pregnancy: pregnant}`, with the link that ties the two.
*Right.* Leave it out, or mend the part that cannot be.
"""

from collections.abc import Iterator

from recommender.conditions import TRUE
from recommender.governance.findings import Finding
from recommender.governance.run import Check, Run, found


def dead(run: Run, check: Check) -> Iterator[Finding]:
    """G01: each rule that nobody meets."""
    world = run.world
    for rule in world.active:
        fires = world.where(world.truth(rule), TRUE)
        if run.people.cut(fires) == world.no:
            why = "it fires for nobody: no profile meets its condition"
            yield found(run, check, rule, why)
