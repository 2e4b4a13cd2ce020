"""Emergency reading, and telling without consent: one asks, two others give their word, another looks at it after."""

from __future__ import annotations

from collections.abc import Sequence

from domain.codes import AUTHOR_ONLY, Purpose, Section
from domain.events import (
    BasisOverrideApproved,
    BasisOverrideRequested,
    EmergencyAccessApproved,
    EmergencyAccessRequested,
    EmergencyAccessReviewed,
)
from domain.rulebook import BASES
from domain.visibility import CLOSELY_KEPT
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CORE,
    Ask,
    Choices,
    Field,
    Form,
    Message,
    Scene,
    To,
    agreed,
    another_person,
    in_words,
    ours,
    theirs,
    why,
)
from gateway.pages.labels import ALTERNATIVES, WHYS
from gateway.pages.texts import BASES as BASIS_TEXTS
from gateway.pages.texts import SECTIONS

GROUP = "緊急・例外"
OPENABLE: Choices = {
    s.value: SECTIONS[s.value] for s in Section if s not in AUTHOR_ONLY and s not in CLOSELY_KEPT
}
TELLABLE: Choices = {s.value: SECTIONS[s.value] for s in Section if s not in AUTHOR_ONLY}
ALTERNATIVE = Field(
    name="alternatives",
    label="先に考えたほかの方法",
    ask=Ask.MANY,
    choices=ALTERNATIVES,
    help="それではなぜ足りないかは、下の「理由・経緯」に書いてください。",
)


def _all_others(scene: Scene) -> Choices:
    return {id: other.name for id, other in scene.agencies.items()}


def _codes(scene: Scene) -> Choices:
    """Bases that need the word of two others."""
    return {
        row["code"]: BASIS_TEXTS.get(row["code"], row["code"]) for row in BASES if "OVERRIDE" in row["needs"]
    }


def _the_code(scene: Scene) -> Sequence[str]:
    codes = list(_codes(scene))
    return codes if len(codes) == 1 else []


def _ours_or_authority(scene: Scene, about: Message) -> bool:
    asked = ours(scene, about) or (theirs(scene, about) and bool(scene.roles & AUTHORITIES))
    return asked and another_person(scene, about, EmergencyAccessApproved)


def _ours_alone(scene: Scene, about: Message) -> bool:
    return ours(scene, about) and another_person(scene, about, BasisOverrideApproved)


def _read_by_others(scene: Scene, about: Message) -> bool:
    """Two have let it, and another agency than the one that read looks back."""
    return theirs(scene, about)


EMERGENCY = (
    Form(
        key="emergency",
        act=EmergencyAccessRequested,
        title="緊急閲覧を求める",
        lead="命や安全にかかわり、記録の持ち主に頼んでいては間に合わないときに、中核機関の記録を見るための求めです。",
        then="求めただけでは何も開きません。ほかの二人がそれぞれ自分の画面で承認すると24時間だけ開き、中核機関と書き手に知らせが届き、後で中核機関が確認します。",
        group=GROUP,
        fields=(
            Field(
                name="sections",
                label="見る必要のある情報区分",
                ask=Ask.MANY,
                choices=OPENABLE,
                help="必要なものだけを選んでください。通告者と秘匿住所は開けません。",
            ),
            why(WHYS, "LIFE_IN_DANGER", "CHILD_NOT_FOUND", "OWNER_UNREACHABLE"),
            ALTERNATIVE,
        ),
        words=(in_words("理由・経緯(なぜ、ほかの方法では間に合わないか)", must=True),),
        to=To(roles=CORE, must=True, first=CORE, help="この事例の中核機関に必ず知らせます。"),
        purpose=Purpose.SAFETY,
        send="緊急閲覧を求める",
    ),
    Form(
        key="emergency-word",
        act=EmergencyAccessApproved,
        title="緊急閲覧を承認する",
        lead="求めた人とは別の二人の承認が必要です。あなたはその一人として承認します。",
        then="二人目の承認で、求めた機関に24時間だけ開きます。承認した人は記録に残ります。求めた本人や、すでに承認した人は承認できません。",
        group=GROUP,
        about=(EmergencyAccessRequested,),
        answers="approves",
        open=_ours_or_authority,
        times=2,
        fields=(agreed("求めの理由と、ほかの方法を考えたことを確かめ、自分の判断で承認します"),),
        to=To(fixed=Scene.all_sides),
        purpose=Purpose.SAFETY,
        send="承認する",
    ),
    Form(
        key="emergency-review",
        act=EmergencyAccessReviewed,
        title="緊急閲覧を事後に確認する",
        lead="ほかの機関が緊急に閲覧しました。やむを得ないものだったかを確認します。",
        then="結果は閲覧した機関に伝わり、記録に残ります。7日を過ぎると監査機関にも期限超過が見えます。",
        group=GROUP,
        roles=AUTHORITIES,
        about=(EmergencyAccessRequested,),
        open=_read_by_others,
        fields=(
            Field(
                name="justified",
                label="やむを得ない閲覧でしたか",
                ask=Ask.YES,
                choices={"yes": "やむを得なかった", "no": "認められない"},
            ),
        ),
        words=(in_words("確認したこと"),),
        to=To(fixed=Scene.other_side),
        purpose=Purpose.SUPERVISION,
        tasks=frozenset({"LOOK_BACK", "LATE_LOOK_BACK"}),
        waits=True,
        send="確認を記録する",
    ),
    Form(
        key="override",
        act=BasisOverrideRequested,
        title="例外的な提供を起案する",
        lead="同意もほかの根拠もなく、それでも伝えることが本人の利益になるなど特別の理由があるとき(個情法69条2項4号)の起案です。",
        then="起案しただけでは伝えられません。あなたの機関のほかの二人がそれぞれ承認すると、24時間のうちにこの相手・この情報区分に限って送れます。",
        group=GROUP,
        fields=(
            Field(name="code", label="例外の根拠", ask=Ask.ONE, choices=_codes, default=_the_code),
            Field(name="recipients", label="伝える相手", ask=Ask.MANY, choices=_all_others),
            Field(name="sections", label="伝える情報区分", ask=Ask.MANY, choices=TELLABLE),
            why(WHYS, "CLEARLY_IN_THEIR_INTEREST", "SPECIAL_REASON", "LIFE_IN_DANGER"),
            ALTERNATIVE,
        ),
        words=(in_words("理由・経緯(なぜ、この提供が必要か)", must=True),),
        send="起案する",
    ),
    Form(
        key="override-word",
        act=BasisOverrideApproved,
        title="例外的な提供を承認する",
        lead="起案した人とは別の二人の承認が必要です。あなたはその一人として承認します。",
        then="二人目の承認から24時間、起案された相手と情報区分に限って送れます。起案した本人や、すでに承認した人は承認できません。",
        group=GROUP,
        about=(BasisOverrideRequested,),
        answers="approves",
        open=_ours_alone,
        times=2,
        fields=(agreed("起案の理由と、ほかの方法を考えたことを確かめ、自分の判断で承認します"),),
        send="承認する",
    ),
)
