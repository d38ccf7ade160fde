import Foundation
import Testing

@testable import Channels

@Suite struct VisibleTextTests {
    static let quoted = "\n\n> Shall we?\n>\n> Support"

    /// How mail programs introduce what is answered, language by language.
    @Test(arguments: [
        "On Mon, Mar 2, 2026 at 9:14 AM Support <support@bridge.test> wrote:",
        "On 2 Mar 2026, at 09:14, Support <support@bridge.test> wrote:",
        "On Mon, Mar 2, 2026 at 9:14 AM The Support Team of the Bridge <\nsupport@bridge.test> wrote:", "On 02.03.26 09:14, Support wrote:",
        "Am Mo., 2. März 2026 um 09:14 Uhr schrieb Support <support@bridge.test>:", "Am 02.03.26 um 09:14 schrieb Support:",
        "Le lun. 2 mars 2026 à 09:14, Support <support@bridge.test> a écrit :",
        "El lun, 2 mar 2026 a las 9:14, Support (<support@bridge.test>) escribió:",
        "Em seg., 2 de mar. de 2026 às 09:14, Support <support@bridge.test> escreveu:",
        "Il giorno lun 2 mar 2026 alle ore 09:14 Support <support@bridge.test> ha scritto:",
        "Op ma 2 mrt 2026 om 09:14 schreef Support <support@bridge.test>:",
        "Den mån 2 mars 2026 kl 09:14 skrev Support <support@bridge.test>:",
        "man. 2. mar. 2026 kl. 09.14 skrev Support <support@bridge.test>:",
        "Den man. 2. mar. 2026 kl. 09.14 skrev Support <support@bridge.test>:",
        "ma 2. maalisk. 2026 klo 9.14 Support (support@bridge.test) kirjoitti:",
        "pon., 2 mar 2026 o 09:14 Support <support@bridge.test> napisał(a):",
        "po 2. 3. 2026 v 9:14 odesílatel Support <support@bridge.test> napsal:",
        "Support <support@bridge.test> ezt írta (időpont: 2026. márc. 2., H, 9:14):",
        "În lun., 2 mar. 2026 la 09:14, Support <support@bridge.test> a scris:",
        "пн, 2 мар. 2026 г. в 09:14, Support <support@bridge.test>:",
        "2 марта 2026 г., в 09:14, Support <support@bridge.test> написал(а):",
        "пн, 2 бер. 2026 р. о 09:14 Support <support@bridge.test> пише:",
        "Στις Δευ 2 Μαρ 2026 στις 9:14 π.μ., ο/η Support <support@bridge.test> έγραψε:",
        "Support <support@bridge.test>, 2 Mar 2026 Pzt, 09:14 tarihinde şunu yazdı:",
        "2026年3月2日(月) 9:14 Support <support@bridge.test>:", "Support <support@bridge.test> 于2026年3月2日周一 09:14写道：",
        "2026년 3월 2일 (월) 오전 9:14, Support <support@bridge.test>님이 작성:",
        "‫בתאריך יום ב׳, 2 במרץ 2026 ב-9:14 מאת ‪Support‬‏ <‪support@bridge.test‬‏>:‬",
        "On Monday, March 2nd, 2026 at 9:14 AM, Support <support@bridge.test> wrote:",
        "Vào Th 2, 2 thg 3, 2026 vào lúc 09:14 Support <support@bridge.test> đã viết:", "Support wrote:",
        "Pada Sen, 2 Mar 2026 pukul 09.14 Support <support@bridge.test> menulis:",
    ])
    func `what introduces a quotation goes with it`(attribution: String) {
        #expect(VisibleText.of(plain: "Yes.\n\nThanks\n\n\(attribution)\(Self.quoted)") == "Yes.\n\nThanks")
        #expect(VisibleText.of(plain: "\(attribution)\(Self.quoted)\n\nYes.\nAnna") == "Yes.\nAnna")
    }

    @Test(arguments: [
        "From: S <s@b.test>\nSent: Monday, March 2, 2026 9:14 AM\nTo: T\nSubject: 100",
        "*From:* S <s@b.test>\n*Sent:* Monday\n*To:* T\n*Subject:* 100",
        "________________________________\nVon: S <s@b.test>\nGesendet: Montag, 2. März 2026 09:14\nAn: J\nBetreff: 100",
        "De : S <s@b.test>\nEnvoyé : lundi\nÀ : C\nObjet : 100",
        "De: S\nEnviado el: lunes\nPara: T\nAsunto: 100", "De: S\nEnviada em: segunda\nPara: T\nAssunto: 100",
        "Da: S\nInviato: lunedì\nA: T\nOggetto: 100",
        "Van: S\nVerzonden: maandag\nAan: T\nOnderwerp: 100", "Från: S\nSkickat: måndag\nTill: T\nÄmne: 100",
        "Fra: S\nSendt: mandag\nTil: T\nEmne: 100",
        "Lähettäjä: S\nLähetetty: maanantai\nVastaanottaja: T\nAihe: 100", "Od: S\nWysłano: poniedziałek\nDo: T\nTemat: 100",
        "Od: S\nOdesláno: pondělí\nKomu: T\nPředmět: 100",
        "От: S\nОтправлено: понедельник\nКому: T\nТема: 100", "发件人: S\n发送时间: 2026年3月2日\n收件人: T\n主题: 100",
        "差出人: S\n送信日時: 2026年3月2日\n宛先: T\n件名: 100",
        "Kimden: S\nGönderildi: Pazartesi\nKime: T\nKonu: 100", "보낸 사람: S\n보낸 날짜: 2026년\n받는 사람: T\n제목: 100",
        "Feladó: S\nElküldve: hétfő\nCímzett: T\nTárgy: 100",
        "-----Original Message-----\nFrom: S", "-----Ursprüngliche Nachricht-----\nVon: S", "-----Message d'origine-----\nDe : S",
        "-----Mensaje original-----\nDe: S",
        "-------- Original Message --------\nOn Monday", "------------------ 原始邮件 ------------------\n发件人",
        "-----Исходное сообщение-----\nОт",
        "##- Please type your reply above this line -##\n\nSupport wrote:", "--- Bitte antworten Sie oberhalb dieser Zeile ---",
        "On 2 Mar 2026, at 09:14, Support <support@bridge.test> wrote:", "Am 02.03.26 um 09:14 schrieb Support:",
    ])
    func `an earlier mail without quotation marks is cut off`(head: String) {
        #expect(VisibleText.of(plain: "I agree.\n\nTom\n\n\(head)\n\nWhere to?\nSupport") == "I agree.\n\nTom")
    }

    @Test(arguments: [
        "Options:\n----------\nA) refund\n----------\nI take B.", "The label says:\n\nFrom: Warehouse 3\nTo: Anna\n\nIs that right?",
        "My readings:\n> 5 volts at pin 1\nIs that normal?",
        "On Monday the courier came, and my neighbour wrote:\n\"nobody home\" on the card. What now?",
        "The values are:\n> 5 volts\n> 3 volts", "Subject: to change\nDate: open",
        "We meet at 9:14 on 2 March 2026, bring:\n- a pen\n- the form",
        "FYI\n\n---------- Forwarded message ---------\nFrom: Z <z@i.test>\nDate: Mon, Mar 2, 2026 at 8:00 AM\nSubject: Lamp\nTo: T\n\nIt is broken.",
        "Begin forwarded message:\n\n> From: Z <z@i.test>\n> Subject: Lamp\n>\n> It is broken.",
        "-------- Weitergeleitete Nachricht --------\nBetreff: L\nDatum: M\nVon: Z\nAn: T\n\nKaputt.",
        "> Only a quotation.", "--\nAnna",
    ])
    func `what only looks like an earlier mail stays`(text: String) {
        #expect(VisibleText.of(plain: text) == text)
    }

    @Test func `the headers of a mail that is passed on stay when the subject says so`() {
        let text = "See below.\n\nFrom: Z <z@i.test>\nSent: Monday\nTo: T\nSubject: Lamp\n\nIt is broken."
        #expect(VisibleText.of(plain: text, in: .forward) == text)
        #expect(VisibleText.of(plain: text) == "See below.")
    }

    @Test(arguments: [
        ("Support wrote:\n> First?\n\nOne.\n\n> Second?\n\nTwo.", "One.\n\nTwo."), ("Can you?\n\n-- \nTom\nHughes & Sons", "Can you?"),
        ("a\r\n\r\n\r\n\r\nb\r\n", "a\n\nb"),
        ("Hi,\n\n> Am 02.03.26 um 09:14 schrieb Support\n> <s@b.test>:\n>\n> First?\n\nOne.\n\n> Second?\n\nTwo.", "Hi,\n\nOne.\n\nTwo."),
        ("> First?\nOne.\n> Second?\nTwo.", "One.\nTwo."),
        ("Hi,\n> 5 volts\nIs it?\n> 3 volts\nOr so?", "Hi,\n> 5 volts\nIs it?\n> 3 volts\nOr so?"),
        ("> What?\n\nThat.", "That."), ("That.\n\n> What?", "That."), ("", ""), (" \n\t\n", ""),
    ])
    func `answers between and below quotations are found`(text: String, visible: String) {
        #expect(VisibleText.of(plain: text) == visible)
    }

    @Test(arguments: [
        #"<div dir="ltr">Yes, <b>two</b>.</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon Support wrote:<br></div><blockquote>Two?</blockquote></div>"#,
        #"<div>Yes, two.</div><hr tabindex="-1"><div id="divRplyFwdMsg"><b>From:</b> S<br><b>Sent:</b> Monday<br><b>To:</b> T<br><b>Subject:</b> x</div><div>Two?</div>"#,
        #"<p>Yes, two.</p><div class="moz-cite-prefix">On 02.03.26 09:14, Support wrote:<br></div><blockquote type="cite"><p>Two?</p></blockquote>"#,
        #"Yes, two.<br><div><br><blockquote type="cite"><div>On 2 Mar 2026, at 09:14, S &lt;s@b.test&gt; wrote:</div><br><div>Two?</div></blockquote></div>"#,
        #"<div>Yes, two.</div><div id="ydp1yahoo_quoted_1" class="yahoo_quoted"><div>On Monday, S wrote:</div><div>Two?</div></div>"#,
        #"<div>Yes, two.</div><div class="protonmail_quote">On Monday, March 2nd, 2026 at 9:14 AM, S &lt;s@b.test&gt; wrote:<br><blockquote>Two?</blockquote></div>"#,
        #"<p>Yes, two.</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>Von:</b> S<br><b>Gesendet:</b> Montag<br><b>An:</b> T<br><b>Betreff:</b> x</p></div><p>Two?</p>"#,
        #"<p>Yes, two.</p><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__QUOTED_TEXT__">Two?</div>"#,
    ])
    func `the markup of mail programs tells the earlier mail`(html: String) {
        #expect(VisibleText.of(html: html).split(whereSeparator: \.isWhitespace).joined(separator: " ") == "Yes, two.")
    }

    @Test func `a mail passed on within Gmail's quotation is content`() {
        let html =
            #"See:<div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: Z</div>Broken.</div>"#
        #expect(VisibleText.of(html: html).contains("Broken."))
    }

    @Test(arguments: [
        String(repeating: "On ", count: 200_000), String(repeating: ">", count: 1_000_000), String(repeating: "> \n", count: 200_000),
        String(repeating: "On Mon, Mar 2, 2026 at 9:14 AM S <s@b.test> wrote:\n", count: 10_000),
        String(repeating: "From:\n", count: 100_000),
        String(repeating: "9:1 ", count: 200_000), String(repeating: "a:\n\n\n", count: 100_000),
    ])
    func `hostile text costs no more than other text of its length`(text: String) {
        #expect(VisibleText.of(plain: "ok\n\n" + text).hasPrefix("ok"))
    }
}
