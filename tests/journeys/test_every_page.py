"""Every page, in light and dark, at a desk and on a phone: axe finds nothing, nothing scrolls sideways, no error."""

from __future__ import annotations

from daftar.office.urls import urlpatterns
from tests.journeys.conftest import AXE, DESK
from tests.probe import a_probe
from tests.test_sweep import address

DOWNLOADS = {"import-errors", "ledger-export", "group-journal-file", "group-cells", "lesson-send", "material"}
# Pages that look quite different with something in their query.
VARIANTS = {
    "student": ("tab=money", "tab=prices"),
    "group": ("tab=lessons", "tab=students", "by=students", "by=students&student={student}"),
    "charges": ("student={student}&group={group_id}",), "group-money": ("month=2001-01",),
    "group-changes": ("kind=learning",),
    **dict.fromkeys(("suspensions", "discounts"), ("state=all", "q=nobody")), "pause-whose": ("q=C",),
    "group-wait-whose": ("q=C",),
    "payments": ("all=1",), "payment-edit": ("find=1",),
    "payment-new": ("student={free_student}",),
    "group-add-student": (
        "student={free_student}", "student={free_student}&student={other_student}", "q=C&student={student}"
    ),
    **dict.fromkeys(("lesson-single-new", "lessons-regular-new"), ("student={student}", "kind=trial")),
}  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


ALL_RULES = {"type": "tag", "values": TAGS}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # all that a theme can change


def violations(page, rules=ALL_RULES) -> list[str]:
    """What axe finds on the page as it stands, in words."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE.read_text())
    # What passes is not listed, which is half of the work on a page with many rows.
    run = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], preload: false})"
    found = page.evaluate(run, rules)["violations"]
    return [f"{each['id']}: {each['nodes'][0]['target']}" for each in found]


def look_at_every_page(visit, looks, **screen):
    """Asserts that axe finds nothing, nothing scrolls sideways and nothing goes wrong, for the owner of a centre.

    `looks`: in which themes each page is looked at, with the rules of axe for each.
    """
    ours = a_probe("lingua")
    who = visit(ours.logins["owner"], bypass_csp=True, **screen)
    wrong = []
    for route in (route for route in urlpatterns if route.name not in DOWNLOADS):
        plain = address(route, ours.slug, ours.ids)
        for path in [plain, *(f"{plain}?{query.format(**ours.ids)}" for query in VARIANTS.get(route.name, ()))]:
            who.open(path)
            # Colours in the middle of a change are nobody's colours.
            who.page.add_style_tag(content="*,*::before,*::after{transition:none!important}")
            for theme, rules in looks:
                who.page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", theme)
                wrong += [f"{path} {theme}: {each}" for each in violations(who.page, rules)]
            if who.page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
                wrong.append(f"{path}: scrolls sideways")
    assert wrong == []
    assert who.errors == []


def test_axe_finds_nothing_on_any_page_at_a_desk_in_light_and_dark(visit, transactional_db):
    look_at_every_page(visit, [("light", ALL_RULES), ("dark", COLOURS)], viewport=DESK)


def test_the_pages_before_a_centre_are_clean_too(visit, transactional_db):
    who = visit(bypass_csp=True)
    for path in ("/login/", "/nowhere/at/all/"):
        who.open(path)
        assert violations(who.page) == [], path


def test_axe_would_find_a_fault(visit, transactional_db):
    who = visit(bypass_csp=True)
    who.open("/login/")
    who.page.evaluate("document.querySelector('label').remove()")
    assert any(each.startswith(("label", "color-contrast")) for each in violations(who.page))
