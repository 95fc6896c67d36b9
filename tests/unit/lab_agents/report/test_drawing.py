"""Plots as inline SVG."""

import re

from lab_agents.report.drawing import ONE, plot


def draw(name):
    with plot(3, 2) as drawn:
        drawn.panels[0].plot([0, 1], [0, 1], color=ONE)
        return drawn.to_svg(name, 'A line & its "title"')


def test_a_plot_takes_its_colours_from_the_page():
    svg = draw("one")
    assert "var(--one)" in svg
    assert "var(--quiet)" in svg
    assert not re.search(r"#0[0-9a-b]0[0-9a-b]0[0-9a-b]", svg)


def test_a_plot_stands_alone_in_its_page():
    svg = draw("one")
    assert svg.startswith("<svg")
    assert "http" not in svg.replace('xmlns="http://www.w3.org/2000/svg"', "")
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert all(i.startswith("one-") for i in ids)
    for reference in re.findall(r'(?:url\(|href=")#([^")]+)', svg):
        assert reference in ids


def test_a_screen_reader_hears_the_title():
    assert 'role="img" aria-label="A line &amp; its &quot;title&quot;"' in draw("one")


def test_text_stays_text():
    assert "<text" in draw("one")


def test_the_same_plot_is_the_same_bytes():
    assert draw("one") == draw("one")
