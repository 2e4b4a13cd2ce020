"""What can be wrong with a file that is attached to a message."""

from __future__ import annotations

from domain.error_codes.model import MALFORMED, REFUSED, Audience, rows

ROWS = (
    *rows(
        MALFORMED,
        Audience.DOOR,
        (
            "attachment-type-unknown",
            "The content of the file is neither a PDF nor a picture (JPEG, PNG, HEIC).",
            "Save it as PDF in its program and attach that.",
            "PDFでも写真(JPEG、PNG、HEIC)でもありません",
            "作成したソフトでPDFに保存して、それを添付してください",
        ),
        (
            "attachment-too-large",
            "The file is larger than 25 MB, or would be once it is prepared for sending.",
            "Split it, or make the picture smaller.",
            "ファイルが大きすぎます(25MBまで)",
            "分けるか、写真を小さくして添付してください",
        ),
        (
            "attachment-broken",
            "The file can't be read to its end.",
            "Save it again in its program, or take the picture again.",
            "ファイルが壊れているか、最後まで読めません",
            "作成したソフトで保存し直すか、撮り直してください",
        ),
        (
            "attachment-too-slow",
            "Looking at the file took too long or too much memory, and was stopped.",
            "Save it again in its program, or split it.",
            "確かめるのに時間かメモリーがかかりすぎるため、止めました",
            "作成したソフトで保存し直すか、分けて添付してください",
        ),
        (
            "picture-too-large",
            "The picture has more than 50 million pixels.",
            "Make it smaller.",
            "写真の画素が多すぎます(5,000万画素まで)",
            "小さくして添付してください",
        ),
        (
            "pdf-too-many-pages",
            "The PDF has more than 1,000 pages, or more than 200,000 objects.",
            "Split it.",
            "PDFのページか部品が多すぎます(1,000ページまで)",
            "分けて添付してください",
        ),
        (
            "pdf-encrypted",
            "The PDF is protected by a password or by restrictions.",
            "Remove the protection in the program that made it; the door seals it.",
            "PDFにパスワードか制限がかかっています",
            "作成したソフトで保護を外して添付してください。封はこの窓口でします",
        ),
        (
            "pdf-active",
            "The PDF contains something that runs: a program, a form that sends, a film or a sound.",
            "Print it to a new PDF and attach that.",
            "PDFに、開くと動くもの(プログラム、送信する入力欄、動画、音声)が入っています",
            "「PDFに印刷」で作り直して添付してください",
        ),
        (
            "pdf-has-files",
            "The PDF contains other files.",
            "Take them out, or print it to a new PDF, and attach each file that is needed.",
            "PDFに別のファイルが入っています",
            "取り出すか、「PDFに印刷」で作り直し、要るファイルを一つずつ添付してください",
        ),
        (
            "pdf-has-location",
            "A photograph in the PDF says where it was taken.",
            "Print it to a new PDF, or attach the photographs by themselves.",
            "PDFの中の写真に、撮った場所の情報が入っています",
            "「PDFに印刷」で作り直すか、写真を一枚ずつ添付してください",
        ),
        (
            "attachment-not-kept",
            "The attachment is no longer kept at this door, or was refused.",
            "Attach the file again.",
            "添付したファイルがこの窓口に残っていないか、受け付けられていません",
            "もう一度添付してください",
        ),
        (
            "attachments-too-many",
            "A message takes at most 10 attachments of together 50 MB.",
            "Send them in several messages.",
            "添付が多すぎます(一つの連絡に10件、合わせて50MBまで)",
            "いくつかの連絡に分けて送ってください",
        ),
        (
            "not-a-document",
            "The item is not the document of an attached file.",
            "Name the item that says what the file is; its file is the item after it.",
            "添付ファイルの書類ではありません",
            "ファイルの名前などを示す項目を選んでください",
        ),
        (
            "document-differs",
            "The file that was received is not the one that its document describes.",
            "Report to the sender that it can't be read.",
            "受け取ったファイルが、添えられた書類の情報と合いません",
            "読めないことを送り手に知らせてください",
        ),
    ),
    *rows(
        REFUSED,
        Audience.DOOR,
        (
            "attachments-waiting",
            "Of this person or system 20 attachments wait for a message.",
            "Send or discard some of them; what is not sent is erased after a day.",
            "送っていない添付が20件あります",
            "送るか取り消してください。送らないものは一日で消えます",
        ),
    ),
)
