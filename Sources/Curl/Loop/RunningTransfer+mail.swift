import CLibcurl

extension RunningTransfer {
    func prepareMail(_ transfer: MailTransfer, _ server: MailServer, _ options: EasyOptions) throws(TransferError) {
        try options.set(CURLOPT_URL, server.dialled + (transfer.greeting ?? ""))
        try options.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        try self.prepareLine(to: server, transfer.username, transfer.password, options)
        // The longest wait that is due is for the reply to the final dot; the deadline for all of it bounds that.
        try options.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, Int(transfer.deadline.components.seconds)))
        guard !transfer.message.isEmpty else {
            try options.set(CURLOPT_CUSTOMREQUEST, "NOOP")
            return try options.set(CURLOPT_NOBODY, 1)
        }
        try options.set(CURLOPT_MAIL_FROM, transfer.sender)
        try Self.append(transfer.recipient, to: &self.recipientList)
        try options.set(CURLOPT_MAIL_RCPT, list: self.recipientList)
        try options.set(CURLOPT_UPLOAD, 1)
        // libcurl compares what it has written, doubled dots included, with the size it was told, and would take a part for the whole.
        if !transfer.message.needsDotStuffing { try options.set(CURLOPT_INFILESIZE_LARGE, offset: transfer.message.count) }
    }

    func prepareMailbox(_ transfer: MailboxTransfer, _ server: MailServer, _ options: EasyOptions) throws(TransferError) {
        try options.set(CURLOPT_URL, server.dialled + transfer.path)
        try options.set(CURLOPT_PROTOCOLS_STR, "imap,imaps")
        try self.prepareLine(to: server, transfer.mailbox.username, transfer.mailbox.password, options)
        if let command = transfer.command { try options.set(CURLOPT_CUSTOMREQUEST, command) }
    }

    private func prepareLine(to server: MailServer, _ username: String?, _ password: String?, _ options: EasyOptions) throws(TransferError)
    {
        let isSecret = password?.isEmpty == false
        let security: curl_usessl =
            switch server.security {
            case .never: CURLUSESSL_NONE
            case .optional: isSecret ? CURLUSESSL_ALL : CURLUSESSL_TRY
            case .required: CURLUSESSL_ALL
            }
        try options.set(CURLOPT_USE_SSL, Int(security.rawValue))
        if let username, !username.isEmpty { try options.set(CURLOPT_USERNAME, username) }
        if let password, !password.isEmpty { try options.set(CURLOPT_PASSWORD, password) }
        try self.listen(options)
    }

    /// The debug callback is the only one that tells when a command leaves; nothing of it is kept but where one begins.
    private func listen(_ options: EasyOptions) throws(TransferError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try options.set(CURLOPT_DEBUGDATA, pointer: context)
        try options.setDebug { _, kind, bytes, count, context in
            if kind == CURLINFO_HEADER_OUT || kind == CURLINFO_DATA_OUT {
                RunningTransfer.from(context).dialogue.begin(UnsafeRawBufferPointer(start: bytes, count: count))
            }
            return 0
        }
        try options.set(CURLOPT_VERBOSE, 1)
        try options.set(CURLOPT_XFERINFODATA, pointer: context)
        try options.setProgress { context, _, _, _, _ in RunningTransfer.from(context).mayGoOn() ? 0 : 1 }
        try options.set(CURLOPT_NOPROGRESS, 0)
    }
}
