import Foundation
import Testing

@testable import Channels

/// The less usual ways in which programs quote, and text of the same looks that nobody quoted.
@Suite struct QuotedTextTests {
    @Test(arguments: [
        "Gesendet: Freitag, 8. Mai 2026 um 07:30 Uhr\nVon: Ida <ida@port.test>\nAn: Ben\nBetreff: Pumpe",
        "Date: Fri, 8 May 2026 07:30:00 +0200\nSubject: Pump\nFrom: ida@port.test\nTo: ben@port.test",
        "-----Ida wrote: -----\nTo: ben@port.test\nFrom: Ida\nDate: 05/08/2026 07:30AM\nSubject: Pump",
        "----- Mail original -----\nDe: Ida\nÀ: Ben\nEnvoyé: Vendredi\nObjet: Pompe",
        "\u{2010}\u{2010}\u{2010}\u{2010} Original Message \u{2010}\u{2010}\u{2010}\u{2010}\nOn Friday, Ida <ida@port.test> wrote:",
        "---- Replied Message ----\n| From | Ida<ida@port.test> |\n| Date | 05/08/2026 07:30 |\n| To | Ben |\n| Subject | Pump |",
        "From: Ida <ida@port.test>\n\nSent: Friday, May 8, 2026 7:30 AM\n\nTo: Ben\n\nSubject: Pump",
        "=====================\nMessage du : 08/05/2026 07:30\nDe : Ida\nA : Ben\nSujet : Pompe",
        ">>> Ida <ida@port.test> 08.05.2026 07:30 >>>",
        "---- On Fri, 08 May 2026 07:30:00 +0200 Ida <ida@port.test> wrote ----",
        "От: Ida\nИзпратено: петък\nДо: Ben\nОтносно: Помпа", "De: Ida\nEnviat: divendres\nPer a: Ben\nTema: Bomba",
        "از: Ida\nارسال شده: جمعه\nبه: Ben\nموضوع: پمپ", "Nork: Ida\nBidalia: ostirala\nNori: Ben\nGaia: Ponpa",
        "Od: Ida\nPoslano: petek\nZa: Ben\nZadeva: Črpalka",
        "пт, 8 мая 2026 г. в 07:30, Ida <ida@port.test>:", "शुक्र, 8 मई 2026 को 7:30 बजे को Ida <ida@port.test> ने लिखा:",
        "Wiadomość napisana przez Ida\n<ida@port.test> w dniu 08.05.2026, o godz. 07:30:",
        "----------------\nКому: Ben;\nТема: Насос;\n08.05.2026, 07:30, \"Ida\" <ida@port.test>:",
        "________________\n> Message du 08/05/26 07:30\n> De : Ida\n>", "---------- Pôvodný list ----------\n> Ida",
    ])
    func `an earlier mail is cut off whatever stands first above it`(head: String) {
        let below = head.contains("\n>") ? "" : "\n\nDoes it leak?\nIda"
        #expect(VisibleText.of(plain: "Done.\n\nBen\n\n\(head)\(below)") == "Done.\n\nBen")
    }

    @Test(arguments: [
        "Ida pisze:", "Ida さんは書きました:", "Ida 님이 쓴 글:", "Ида напиша:", "Ida نوشت:", "Ida escribiu:", "Ida het volgende geschreven:",
        "Ida hat geschrieben:", "Ida skriver:", "Ida kirjoittaa:", "El 08/05/2026 Ida ha escrito:", "Ida ha escrit:", "Іда написав(-ла):",
        "Ida je napisal:", "Zitat von Ida:", "Quoting Ida:", "---- On Fri, 8 May 2026 07:30:00 +0200 Ida <ida@port.test> wrote ---",
        "---- Am Fr, 8 Mai 2026 07:30:00 +0200 schrieb Ida <ida@port.test> ----",
        "On Fri, May 8, 2026 at 7:30 AM The Department of Pumps, Pipes and Valves\nof the Port Authority of Oslo, Bergen and the Lofoten Islands <\nida@port.test> wrote:",
    ])
    func `what introduces a quotation needs no date`(attribution: String) {
        #expect(VisibleText.of(plain: "Done.\n\n\(attribution)\n\n> Does it leak?\n> Ida") == "Done.")
        #expect(VisibleText.of(plain: "\(attribution)\n> Does it leak?\n\nNo.\n\nBen") == "No.\n\nBen")
    }

    @Test(arguments: [
        "The plate on it reads:\n> 230 V\n> 50 Hz\nIs that right?", "Quoting the manual:\n> Close the valve.\nI did.",
        "On Friday the plumber came to us and his apprentice wrote:\n> valve 7\nWhat is that?",
        "Ida wrote:\n| size | price |\n| ten | 7 |\nToo much.", "My table:\n| size\n| ten",
        ">>> import pumps\n>>> pumps.start() >>>\nTraceback\n\nWhy?", "--- Important ---\nClose the valve.",
        "Sent: three parcels\n\nReceived: two\n\nMissing: one", "| From | Oslo |\n| To | Bergen |\n| Date | 9 May 2026 |",
    ])
    func `text of the same looks stays whole`(text: String) {
        #expect(VisibleText.of(plain: "Hello,\n\n\(text)\n\nBen") == "Hello,\n\n\(text)\n\nBen")
    }

    @Test func `a quotation at the end goes although the signature is below it`() {
        #expect(VisibleText.of(plain: "Done.\n\n> Does it leak?\n-- \nBen") == "Done.")
    }

    @Test func `bars quote where words introduce them`() {
        #expect(VisibleText.of(plain: "Done.\n\nIda wrote:\n| Does it leak?\n| Ida") == "Done.")
    }

    @Test func `a sentence about forwarded messages opens none`() {
        let text = "Forwarded messages do not arrive here:\nI waited a day.\n\nIda wrote:\n> Do they arrive?"
        #expect(VisibleText.of(plain: text) == "Forwarded messages do not arrive here:\nI waited a day.")
    }

    @Test(arguments: [
        #"<p>Done.</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Kutoka:</b> Ida<br></div><div>Does it leak?</div>"#,
        #"<div>Done.<br><hr id="stopSpelling">Lähde: Ida<br><br>Does it leak?</div>"#,
        #"<p>Done.</p><table class="OutlookMessageHeader"><tr><td>Kutoka: Ida</td></tr></table><p>Does it leak?</p>"#,
        #"<p>Done.</p><div style="border:none; border-top:solid #E1E1E1 1.0pt; padding:3.0pt 0cm 0cm 0cm"><p><b>Kutoka:</b> Ida</p></div><p>Does it leak?</p>"#,
        #"<p>Done.</p><div name="quote"><b>Imetumwa:</b> Ijumaa<br>Does it leak?</div>"#,
    ])
    func `the head of an answered mail is known by its markup in any language`(html: String) {
        #expect(VisibleText.of(html: html) == "Done.")
        #expect(VisibleText.of(html: html, in: .forward).contains("Does it leak?"))
    }

    @Test func `an answer below a quotation that holds such a head stays`() {
        let html = #"<blockquote type="cite"><p>No.</p><div id="divRplyFwdMsg">From: Ida</div><p>Leaks?</p></blockquote><p>Done.</p>"#
        #expect(VisibleText.of(html: html) == "Done.")
    }

    @Test func `what a writer quotes has no empty lines at its edges`() {
        let html = "<p>It says:</p><blockquote><p>Close it.</p><p>Now.</p></blockquote><p>Why?</p>"
        #expect(VisibleText.of(html: html) == "It says:\n\n> Close it.\n>\n> Now.\n\nWhy?")
    }

    @Test func `the mark of a quotation means nothing in the text itself`() {
        #expect(VisibleText.of(plain: "One.\n\u{E0F0}Two.\nThree.") == "One.\nTwo.\nThree.")
        #expect(VisibleText.of(html: "<pre>One.\n\u{E0F0}Two.</pre>") == "One.\nTwo.")
    }

    @Test func `a list's footer leaves the quotation of a page what it is`() throws {
        let page = #"<p>Done.</p><div class="moz-cite-prefix">Ida wrote:</div><blockquote type="cite">Leaks?</blockquote>"#
        let mail =
            "From: ben@port.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
            + "--B\r\nContent-Type: text/html\r\n\r\n\(page)\r\n--B\r\nContent-Type: text/plain\r\n\r\nPumps mailing list\r\n--B--\r\n"
        #expect(try IncomingMail(Array(mail.utf8)).visibleText == "Done.\n\nPumps mailing list")
    }

    @Test(arguments: [
        String(repeating: "| a\n", count: 100_000), String(repeating: "Ida wrote:\n| a\n", count: 50_000),
        String(repeating: "---- a wrote ----\n> b\n", count: 30_000), String(repeating: "To: a\n\n", count: 50_000),
        String(repeating: ">>> a >>>\n", count: 50_000), String(repeating: "\n--\n", count: 100_000),
    ])
    func `hostile text costs no more than other text of its length`(text: String) {
        #expect(VisibleText.of(plain: "ok\n\n" + text).hasPrefix("ok"))
    }
}
