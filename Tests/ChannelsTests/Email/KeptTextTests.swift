import Foundation
import Testing

@testable import Channels

/// New text that looks like an earlier mail, and earlier mails that look like these.
@Suite struct KeptTextTests {
    /// Everything below the first sign of the mail that is passed on belongs to it, the mails it answers too.
    @Test(arguments: [
        "From: Ida <ida@port.test>\nSent: Friday, May 8, 2026 7:30 AM\nTo: Ben\nSubject: RE: Pump\n\nIt leaks.\n\n-----Original Message-----\nFrom: Ben\nSubject: Pump\n\nDoes it leak?",
        "-----Original Message-----\nFrom: Ida\nSent: Friday\nSubject: Pump\n\nIt leaks.\n\n--\nIda\n\nSerial number 12.",
        "Von: Ida <ida@port.test>\nGesendet: Freitag\nAn: Ben\nBetreff: Pumpe\n\nUndicht.\n\nAm 07.05.26 um 07:30 schrieb Ben:\n> Ist sie dicht?\n\nGruß",
        "On Fri, 8 May 2026 at 07:30, Ida <ida@port.test> wrote:\n\nIt leaks.",
        "----- Forwarded by Ben Dahl/PORT on 08.05.2026 07:30 -----\nFrom: Ida/PORT\nTo: Ben\nSubject: Pump\n\nIt leaks.",
    ])
    func `a mail that is passed on stays whole`(mail: String) {
        #expect(VisibleText.of(plain: "Please handle.\n\n\(mail)", in: .forward) == "Please handle.\n\n\(mail)")
    }

    @Test func `without a mail below, a forward ends at its signature`() {
        #expect(VisibleText.of(plain: "Please handle.\n\n-- \nBen", in: .forward) == "Please handle.")
    }

    @Test(arguments: [
        "----- Forwarded by Ben Dahl/PORT on 08.05.2026 07:30 -----", "----- Weitergeleitet von Ben Dahl am 08.05.2026 -----",
        "Начало переадресованного сообщения:", "İletilen ileti başlangıcı:", "Začátek přeposílané zprávy:", "下面是被转发的邮件：",
        "\u{2010}\u{2010}\u{2010}\u{2010} Forwarded Message \u{2010}\u{2010}\u{2010}\u{2010}",
        "---------- Vidarebefordrad meddelande ---------",
        "-------- Videresendt e-post --------", "-------- Препратено съобщение --------", "---------- הודעה שהועברה ---------",
        "Début du message réexpédié :", "Start på videresendt besked:", "以下是轉寄的訊息：",
    ])
    func `the words above a forward are known without a subject that says so`(line: String) {
        let text = "Please handle.\n\n\(line)\n\nFrom: Ida\nSubject: Pump\nTo: Ben\n\nIt leaks."
        #expect(VisibleText.of(plain: text) == text)
    }

    @Test(arguments: ["", "----- Videresendilo -----\n", "-----Original Message-----\n"])
    func `the header of a mail within one that answers nothing is of one that is passed on`(line: String) {
        let head = "\(line)From: Ida <ida@port.test>\nSent: Friday\nTo: Ben\nSubject: Pump"
        #expect(VisibleText.of(plain: "See below.\n\n\(head)\n\nIt leaks.", in: .new) == "See below.\n\n\(head)\n\nIt leaks.")
        let html = #"<p>See below.</p><div id="divRplyFwdMsg"><b>Kutoka:</b> Ida</div><p>It leaks.</p>"#
        #expect(VisibleText.of(html: html, in: .new).hasSuffix("It leaks."))
    }

    @Test func `what is quoted in a mail that answers nothing goes`() {
        #expect(VisibleText.of(plain: "Fine.\n\nOn 8 May 2026 at 07:30, Ida wrote:\n> It leaks.", in: .new) == "Fine.")
    }

    @Test(arguments: [
        "Ida forwarded me this:\nclose the valve.\n\nIs that right?",
        "Please forward to:\nFrom the workshop, all of them.\n\nThanks",
    ])
    func `a sentence about forwarding hides no quotation below`(text: String) {
        #expect(VisibleText.of(plain: "\(text)\n\nIda wrote:\n> It leaks.") == text)
    }

    @Test(arguments: [
        #"<p>See:</p><blockquote type="cite"><div>Palautettu viesti</div><div>It leaks.</div></blockquote>"#,
        #"<p>See:</p><div class="protonmail_quote"><div>It leaks.</div></div>"#,
        #"<p>See:</p><div class="gmail_quote"><div class="gmail_attr">Välitetty</div>It leaks.</div>"#,
        #"<p>See:</p><div class="moz-forward-container">It leaks.<blockquote type="cite">Does it?</blockquote></div>"#,
    ])
    func `what markup calls quoted is content when the subject says forward`(html: String) {
        #expect(VisibleText.of(html: html, in: .forward).contains("It leaks."))
    }

    /// Gmail puts a whole answered mail and what is written between its pieces into one container.
    @Test(arguments: [
        (
            #"<div>Hi.</div><div class="gmail_quote"><div class="gmail_attr">On Fri Ida wrote:</div><blockquote class="gmail_quote">Red?</blockquote><div>No.</div><blockquote class="gmail_quote">Blue?</blockquote><div>Yes.</div></div>"#,
            "Hi. No. Yes."
        ),
        (
            #"<div class="gmail_quote gmail_quote_container"><div class="gmail_attr">On Fri Ida wrote:</div><blockquote>Red?</blockquote><div>No.</div></div>"#,
            "No."
        ),
        (#"<div>No.</div><div class="gmail_extra"><br><div class="gmail_quote">Is it red?<br>Ida</div></div>"#, "No."),
        (#"<div>No.</div><div>-- <br></div><div>Ben</div><div class="gmail_quote"><blockquote>Red?</blockquote></div>"#, "No."),
    ])
    func `in Gmail's container only its quotations are quoted`(html: String, visible: String) {
        #expect(VisibleText.of(html: html).split(whereSeparator: \.isWhitespace).joined(separator: " ") == visible)
    }

    @Test(arguments: [
        "A van, please:\n\nFrom: Oslo\nTo: Bergen\nDate: 9 May 2026\n\nFor two.",
        "Versand:\nVon: Halle 2\nAn: Werk Ulm\nDatum: 9.5.2026 um 10:30\nGewicht: 3 t\n\nGeht das?",
        "Form:\nFrom: Ida <ida@port.test>\nTo: service\nSubject: Pump\nMessage: It leaks.",
        "The plan:\nSubject: pumps\nDate: open\nTo: all",
        "This is what ida@port.test told me on 8 May 2026 at 07:30:\n\nIt leaks.\n\nTrue?",
        "I signed in as ida@port.test on 08.05.2026 at 07:30 and got:\n\nError 12",
        "I got this mail from Ida <ida@port.test> on 8 May 2026 at 07:30:\n\nIt leaks.\n\nTrue?",
        "On 8 May 2026 at 07:30 I was told the following by Ida <ida@port.test>:\n\nIt leaks.\n\nTrue?",
        "on 8 May 2026 at 07:30 your colleague wrote:\n\"Wait a week.\"\nIs it over?",
        "The dent is just above this line - see the photo.\nIt is new.", "The needle stands above this line on the scale.\n\nIs that bad?",
        "Where do I reply?\nOnly the text above this line has room\nfor it.",
        "Colour?\n--- Antwort ---\nRed.\nSize?\n--- Antwort ---\nTen.",
        "DROP TABLE a;\n--\nDROP TABLE b;\n\nIn this order?",
        "First:\n\n--\n\(String(repeating: "the door sticks, the window too, and nothing of it was so before\n\n", count: 11))Help.",
    ])
    func `prose, forms and orders stay whole`(text: String) {
        #expect(VisibleText.of(plain: "Hello,\n\n\(text)") == "Hello,\n\n\(text)")
    }

    @Test(arguments: [
        "From: Ida <ida@port.test>\nTo: Ben\nDate: Fri, 8 May 2026 07:30",
        "From: Ida\nTo: Ben <ben@port.test>, Eve\n  <eve@port.test>\nSubject: Pump",
        "Ida <ida@port.test> hat am 08.05.2026 07:30 MESZ geschrieben:", "2026年5月8日金曜日 07:30:00 JST、Ida <ida@port.test>が書きました:",
        "Write ABOVE THIS LINE to answer this ticket", "\u{2014}-\u{2014}-\u{2014}\nReply above this line.",
        "Bitte antworten Sie oberhalb dieser Linie\n________", "--- Antwort ---\nVon: Ida\nGesendet: Freitag\nAn: Ben\nBetreff: Pumpe",
    ])
    func `earlier mails of the same looks are cut off`(head: String) {
        #expect(VisibleText.of(plain: "Hello,\n\nfine.\n\n\(head)\n\nDoes it leak?") == "Hello,\n\nfine.")
    }

    @Test(arguments: ["Fine.\n\n--\nBen Dahl\nPort of Oslo", "Fine.\n-- \nBen"])
    func `a signature goes with the blank behind its dashes or without it`(text: String) {
        #expect(VisibleText.of(plain: text) == "Fine.")
    }
}
