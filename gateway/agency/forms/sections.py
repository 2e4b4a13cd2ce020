"""The sections of a message as pages ask for them: by the fields of a schema, and in free words beside them."""

from __future__ import annotations

from dataclasses import replace

from domain.codes import Flag, Section
from gateway.agency.forms.content_inputs import (
    CAREGIVER_INPUTS,
    CHILD_INPUTS,
    CLOSING_INPUTS,
    ENVIRONMENT_INPUTS,
    FAMILY_INPUTS,
    MEDICAL_INPUTS,
    MINUTES_INPUTS,
    PLAN_INPUTS,
    PREGNANCY_INPUTS,
    RISK_INPUTS,
    VISIT_INPUTS,
)
from gateway.agency.forms.kinds import NOTIFIER_LINES, SectionText
from gateway.pages.texts import SECTIONS

_CONTENT = {
    Section.BASIC: FAMILY_INPUTS,
    Section.CHILD: CHILD_INPUTS,
    Section.CAREGIVER: CAREGIVER_INPUTS,
    Section.ENV: ENVIRONMENT_INPUTS,
    Section.PREG: PREGNANCY_INPUTS,
    Section.MEDICAL: MEDICAL_INPUTS,
    Section.RISK: RISK_INPUTS,
    Section.PLAN: PLAN_INPUTS,
    Section.VISIT: VISIT_INPUTS,
    Section.CONF: MINUTES_INPUTS,
    Section.CLOSING: CLOSING_INPUTS,
}
_HELP = {
    Section.ADDR: "「秘匿住所」として封をします。宛先だけが開けます。",
    Section.NOTIFIER: "通告した人が分かることは、ここだけに書きます。",
    Section.CHILD: "子どもの言葉には「子どもの発言」の印を付けます。",
}
_FLAGS = {
    Section.CHILD: (Flag.CHILD_STATEMENT, Flag.NEVER_TO_GUARDIAN),
    Section.CAREGIVER: (Flag.SENSITIVE,),
    Section.RISK: (Flag.THIRD_PARTY, Flag.NEVER_TO_GUARDIAN),
}


def section_of(section: Section, label: str = "", *, help: str = "") -> SectionText:
    """This section with its fields folded below its free words."""
    return SectionText(
        section=section,
        label=label or SECTIONS[section],
        help=help or _HELP.get(section, ""),
        flags=_FLAGS.get(section, ()),
        lines=NOTIFIER_LINES if section is Section.NOTIFIER else (),
        content=_CONTENT.get(section),
        has_folded_fields=True,
    )


def folded(*sections: Section) -> tuple[SectionText, ...]:
    """These sections, of which a page shows each once it is chosen."""
    return tuple(replace(section_of(section), is_folded=True) for section in sections)


def with_fields(section_input: SectionText) -> SectionText:
    """The same section with the fields of its schema, folded."""
    return replace(section_input, content=_CONTENT[section_input.section], has_folded_fields=True)
