"""Results of a trial as JUnit XML, which build servers read.

In: a report. Out: text of one `testsuites` element with a suite for each kind of thing tried.
"""

from xml.etree import ElementTree

from recommender.governance.trial import KINDS, Report, Result


def junit(report: Report) -> str:
    """The whole report; a disagreement of the engines is an error, a wrong answer a failure."""
    suites = ElementTree.Element("testsuites", name="recommender rules test")
    for kind in KINDS:
        found = [one for one in report.results if one.kind == kind]
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=kind,
            tests=str(len(found)),
            failures=str(sum(bool(one.wrong) for one in found)),
            errors=str(sum(bool(one.disagree) for one in found)),
            skipped="0",
        )
        for one in found:
            _case(suite, one)
    ElementTree.indent(suites)
    written = ElementTree.tostring(suites, encoding="unicode")
    return f"<?xml version='1.0' encoding='utf-8'?>\n{written}\n"


def _case(suite: ElementTree.Element, one: Result) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=one.kind, name=one.name)
    if one.wrong:
        ElementTree.SubElement(case, "failure", message=one.wrong[0]).text = "\n".join(one.wrong)
    if one.disagree:
        message = f"the engines disagree on {', '.join(one.disagree)}"
        ElementTree.SubElement(case, "error", message=message)
