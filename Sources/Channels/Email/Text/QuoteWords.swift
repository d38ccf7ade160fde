import Foundation
internal import Parley

/// The words by which mail programs of many languages introduce an earlier mail. Compared in lower case.
enum QuoteWords {
    /// "wrote", in attributions: `Am 2. März schrieb Anna:`
    static let wrote: Set<String> = [
        "wrote", "writes", "schrieb", "schrieben", "schreef", "écrit", "ecrit", "escribió", "escribio", "escreveu", "scritto", "skrev",
        "skrifaði",
        "kirjoitti", "napisał", "napisana", "napisał(a)", "napisał(a):", "napisała", "napsal", "napsal(a)", "napsala", "napísal",
        "napísal(a)", "írta",
        "scris",
        "написал", "написала", "написал(а)", "пишет", "пише", "написав", "написала(в)", "написа", "έγραψε", "yazdı", "yazmış", "tarihinde",
        "כתב", "כתבה",
        "كتب", "schreibt", "napisao", "napisao/la", "viết", "menulis", "ditulis", "写道", "寫道", "写道：", "のメッセージ", "作成:", "작성", "เขียนว่า",
        "rakstīja",
        "rašė", "kirjutas", "idatzi", "scribió",
        "geschrieben", "geschreven",
        "pisze", "напиша", "نوشت", "escribiu", "skriver", "kirjoittaa", "escrito", "escrit", "написав(-ла)", "napisal",
        "napísal/a", "shkroi", "написао/ла", "napisala",
    ]
    /// The same where no blanks stand around it.
    static let wroteWithin: [String] = ["写道", "寫道", "のメッセージ", "作成", "작성", "書きました", "쓴 글", "ने लिखा", "تمت كتابة"]
    /// "Quoting", before a name.
    static let introductions: [String] = [
        "quoting ", "zitat von ", "citando a ", "mensaje citado por ", "citation de ", "citát od ", "cytowanie ",
    ]
    /// Labels of the header block that Outlook and others put above the earlier mail.
    static let from: Set<String> = [
        "from", "von", "de", "da", "van", "från", "fra", "lähettäjä", "od", "nadawca", "odesílatel", "odosielateľ", "feladó", "de la", "от",
        "від", "από",
        "kimden", "gönderen", "מאת", "من", "发件人", "發件人", "寄件者", "差出人", "送信者", "보낸 사람", "보낸사람", "จาก", "từ", "dari", "expéditeur",
        "remitente",
        "mittente", "afzender", "avsändare", "afsender", "absender", "nuo", "no", "saatja", "šalje", "pošiljatelj", "frå",
        "از", "nork", "од", "nga", "frá",
    ]
    static let sent: Set<String> = [
        "sent", "date", "gesendet", "datum", "envoyé", "envoye", "date d'envoi", "enviado", "enviado el", "enviada em", "fecha", "data",
        "inviato", "inviata", "verzonden",
        "skickat", "sendt", "dato", "lähetetty", "päivämäärä", "wysłano", "wysłane", "odesláno", "odoslané", "dátum", "elküldve", "trimis",
        "отправлено", "дата",
        "надіслано", "στάλθηκε", "ημερομηνία", "gönderildi", "gönderme tarihi", "tarih", "נשלח", "תאריך", "تم الإرسال", "التاريخ", "发送时间",
        "日期", "傳送時間", "寄件日期",
        "送信日時", "日時", "보낸 날짜", "날짜", "วันที่", "đã gửi", "ngày", "dikirim", "tanggal", "sända", "išsiųsta", "nosūtīts", "saadetud", "poslano",
        "sent on", "enviado em",
        "date de", "发送日期",
        "изпратено", "enviat", "ارسال شده", "bidalia", "poslato", "послато", "испратено", "dërguar", "message du", "ส่งเมื่อ",
        "傳送日期",
    ]
    static let to: Set<String> = [
        "to", "an", "à", "a", "para", "aan", "till", "til", "vastaanottaja", "do", "komu", "címzett", "către", "кому", "до", "προς", "kime",
        "alıcı", "אל", "إلى", "收件人",
        "宛先", "받는 사람", "받는사람", "ถึง", "đến", "kepada", "cc", "kopie", "copie", "cópia", "kopia", "destinataire", "destinatario", "ontvanger",
        "kam", "kellele", "prima",
        "za",
        "per a", "به", "nori", "за", "收件者", "drejtuar",
    ]
    static let subject: Set<String> = [
        "subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "ämne", "emne", "aihe", "temat", "předmět", "predmet",
        "tárgy", "subiect", "тема",
        "θέμα", "konu", "נושא", "הנדון", "الموضوع", "主题", "主旨", "件名", "제목", "เรื่อง", "chủ đề", "subjek", "perihal", "tema", "teema", "subj",
        "относно", "موضوع", "gaia", "zadeva", "sujet", "ogg", "tēma", "наслов", "предмет", "subjekti", "efni",
    ]
    static let moreLabels: Set<String> = [
        "bcc", "reply-to", "importance", "priority", "attachments", "attachment", "message-id", "antwort an", "wichtigkeit", "priorität",
        "anlagen", "anlage", "anhänge", "pièces jointes", "pièce jointe", "répondre à", "importancia", "datos adjuntos",
        "importância", "anexos", "priorità", "allegati", "prioriteit", "bijlagen", "urgentie", "prioritet", "bifogade filer",
        "vedhæftede filer",
        "vedlegg", "załączniki", "ważność", "přílohy", "důležitost", "вложения", "важность", "附件", "重要性", "添付ファイル", "重要度",
    ]
    /// Between dashes, above the earlier mail.
    static let original: [String] = [
        "original message", "original-nachricht", "ursprüngliche nachricht", "originalnachricht", "message d'origine", "message d’origine",
        "message original", "mensaje original",
        "mensagem original", "messaggio originale", "oorspronkelijk bericht", "origineel bericht", "ursprungligt meddelande",
        "originalmeddelande", "oprindelig meddelelse",
        "original meddelelse", "opprinnelig melding", "original melding", "alkuperäinen viesti", "wiadomość oryginalna",
        "oryginalna wiadomość", "původní zpráva", "původní e-mail",
        "pôvodná správa", "eredeti üzenet", "mesaj original", "mesajul original", "исходное сообщение", "оригинальное сообщение",
        "пересылаемое сообщение:", "вихідне повідомлення",
        "αρχικό μήνυμα", "orijinal mesaj", "özgün ileti", "הודעה מקורית", "الرسالة الأصلية", "原始邮件", "原始郵件", "原郵件", "元のメッセージ", "オリジナルメッセージ",
        "원본 메시지", "원본 메일",
        "ข้อความต้นฉบับ", "thư gốc", "pesan asli", "originalna poruka", "izvirno sporočilo", "original email", "original",
    ]
    /// "Forwarded", within what stands above a mail that is passed on. Parts of words: their ends change with gender and case.
    static let forwarded: [String] = [
        "forwarded", "weitergeleitet", "transféré", "transmis", "réexpédié", "reenviad", "reenviat", "reencaminhad",
        "encaminhad", "inoltrat", "doorgestuurd", "vidarebefordra", "videresend", "edelleenlähet", "välitet",
        "przekaz", "přepos", "prepos", "továbbít", "redirecționat", "пересыла", "пересла", "перенаправ", "переадрес",
        "препрат", "прослеђен", "proslijeđen", "prosleđen", "posredovan", "persiųst", "pārsūtīt", "edastat",
        "edasi saadet", "áframsen", "iletil", "yönlendir", "προωθημ", "προώθησ", "הועבר", "מועבר", "توجيه", "转发",
        "轉寄", "轉發", "転送", "전달", "ส่งต่อ", "chuyển tiếp", "terusan", "diteruskan",
    ]
    /// What ticket systems ask for.
    static let aboveThisLine: [String] = [
        "reply above this line", "your reply above", "above this line", "oberhalb dieser zeile", "oberhalb dieser linie",
        "über dieser zeile",
        "über dieser linie",
        "au-dessus de cette ligne", "por encima de esta línea",
        "acima desta linha", "sopra questa riga", "boven deze regel", "ovanför den här raden", "over denne linje", "powyżej tej linii",
        "выше этой строки", "この行より上", "请在此行上方",
    ]

    /// What asks for an answer, in the first words of such a line: it is a request, and no sentence about a line.
    static let answer: [String] = [
        "reply", "write", "type", "respond", "answer", "antwort", "schreiben", "répon", "respond", "rispond", "antwoord", "schrijf", "svar",
        "skriv", "odpowied", "odpis", "odpověz", "ответ", "返信", "回复", "回覆",
    ]

    // MARK: - Reading

    static func isDash(_ character: Character) -> Bool {
        "-_=*".contains(character) || character.unicodeScalars.first?.properties.generalCategory == .dashPunctuation
    }

    /// Whether words that stand between dashes or before a colon say that a mail is passed on.
    ///
    /// - Parameter words: case folded.
    static func saysForwarded(_ words: some StringProtocol) -> Bool {
        words.count <= 120 && self.forwarded.contains { words.contains($0) }
    }

    /// Few enough to be no sentence.
    static func areFew(_ words: some StringProtocol) -> Bool { words.split(whereSeparator: \.isWhitespace).count <= 6 }

    /// Whether a text without line breaks begins with the words before a mail that is passed on: between dashes, or before its header.
    static func opensForward(_ text: String) -> Bool {
        let text = text.caseFolded
        let words = text.drop(while: self.isDash)
        if text.distance(from: text.startIndex, to: words.startIndex) >= 2 { return self.saysForwarded(words.prefix { !self.isDash($0) }) }
        guard let colon = words.prefix(80).firstIndex(where: { $0 == ":" || $0 == "：" }) else { return false }
        let (head, rest) = (words[..<colon], words[words.index(after: colon)...].drop(while: \.isWhitespace))
        return self.areFew(head) && self.saysForwarded(head) && HeaderLabel(of: String(rest)).map { $0 != .unknown } ?? false
    }
}
