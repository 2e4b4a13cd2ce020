"""Arbitrary values of every schema, derived from its fields."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from domain.blank_text import is_blank
from domain.content import UNKNOWN, Amount, AmountRange, Content, Part, PartialDate, TextContent
from domain.content.form import Code, Count, Entries, FieldForm, Group, Shape, Text, YesNo
from domain.content.reading import INVISIBLE
from domain.content.values import COMPARATORS

_CHARACTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))


def contents_of(cls: type[Content]) -> st.SearchStrategy[Any]:
    """Contents of this schema."""
    if cls is TextContent:
        return st.builds(TextContent, st.text(st.characters(exclude_categories=("Cs",))))
    return parts_of(cls)


@cache
def parts_of(cls: type[Part]) -> st.SearchStrategy[Any]:
    if cls is PartialDate:
        return st.builds(PartialDate, _dates(), st.sampled_from(["", "春ごろ", "聞き取りによる"]))
    if cls is Amount:
        return st.builds(
            Amount,
            st.from_regex(r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,3})?", fullmatch=True),
            st.sampled_from(COMPARATORS),
            st.sampled_from(["", "kg", "cm", "mg/dL", "点", "%"]),
        )
    if cls is AmountRange:
        return st.builds(AmountRange, low=_answer(parts_of(Amount)), high=st.sampled_from([None, UNKNOWN]))
    return _filled(cls)


@st.composite
def _filled(draw: st.DrawFn, cls: type[Part]) -> Any:
    """A part with some of its fields: with all of them in all depths, a content would be too large to be drawn."""
    forms = cls.fields()
    answers = [name for name, form in forms.items() if form.is_answer]
    asked = draw(st.sets(st.sampled_from(answers), max_size=4)) if answers else set()
    return cls(
        **{name: draw(_field(form)) for name, form in forms.items() if name in asked or not form.is_answer}
    )


@cache
def _field(form: FieldForm) -> st.SearchStrategy[Any]:
    value = _shape(form.shape)
    return st.just(UNKNOWN) | value if form.is_answer else value


def _answer(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.just(UNKNOWN) | value


def _dates() -> st.SearchStrategy[str]:
    return (
        st.dates()
        .filter(lambda d: 1800 <= d.year <= 2299)
        .flatmap(lambda d: st.sampled_from([d.isoformat(), d.isoformat()[:7], d.isoformat()[:4]]))
    )


def _shape(shape: Shape) -> st.SearchStrategy[Any]:
    match shape:
        case Text():
            return _texts(shape)
        case Count():
            return st.integers(0, shape.maximum)
        case YesNo():
            return st.booleans()
        case Code():
            return st.sampled_from(list(shape.codes))
        case Group():
            return st.deferred(lambda: parts_of(shape.part))
        case Entries():
            return st.lists(_shape(shape.of), max_size=2).map(tuple)
        case _:
            return st.uuids()


def _texts(shape: Text) -> st.SearchStrategy[str]:
    characters = _CHARACTERS | st.sampled_from("\n\t") if shape.several_lines else _CHARACTERS
    texts = (
        st.from_regex(shape.pattern, fullmatch=True)
        if shape.pattern
        else st.text(characters, min_size=1, max_size=min(8, shape.max_characters))
    )
    return texts.filter(
        lambda text: (
            not INVISIBLE.search(text)
            and not is_blank(text)
            and len(text) <= shape.max_characters
            and (shape.several_lines or "\n" not in text)
        )
    )
