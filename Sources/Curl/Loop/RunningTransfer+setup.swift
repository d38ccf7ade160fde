import CLibcurl

extension RunningTransfer {
    /// - Returns: the handle to run; it lives as long as this object.
    func prepare(settings: ClientSettings) throws(TransferError) -> UnsafeMutableRawPointer {
        guard let easy = curl_easy_init() else { throw TransferError(.failed, detail: "libcurl made no handle") }
        self.easy = easy
        self.egress = settings.egress
        let options = EasyOptions(easy: easy)
        try options.set(CURLOPT_PROXY, "")
        try options.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        try options.set(CURLOPT_SSL_VERIFYPEER, 1)
        try options.set(CURLOPT_SSL_VERIFYHOST, 2)
        if let authorities = settings.authorities {
            try options.set(CURLOPT_CAINFO, authorities)
            try options.set(CURLOPT_CAPATH, nil)
        }
        try options.set(CURLOPT_NOSIGNAL, 1)
        // Without this, giving up on a name that is still being looked up would block the thread, and with it every other transfer.
        try options.set(CURLOPT_QUICK_EXIT, 1)
        let deadlines = self.ticket.transfer.deadlines
        try options.set(CURLOPT_TIMEOUT_MS, deadlines.whole.milliseconds)
        try options.set(CURLOPT_CONNECTTIMEOUT_MS, min(deadlines.connect, deadlines.whole).milliseconds)
        for name in settings.names { try Self.append(name, to: &self.nameList) }
        try options.set(CURLOPT_RESOLVE, list: self.nameList)
        try options.set(CURLOPT_MAXAGE_CONN, 30)
        try options.set(CURLOPT_ERRORBUFFER, pointer: self.errorText)
        switch self.ticket.transfer {
        case .http(let transfer):
            try options.set(CURLOPT_USERAGENT, settings.userAgent)
            try self.prepareRequest(transfer, options)
        case .mail(let transfer, let server): try self.prepareMail(transfer, server, options)
        case .mailbox(let transfer, let server): try self.prepareMailbox(transfer, server, options)
        }
        try self.prepareCallbacks(options)
        return easy
    }

    private func prepareRequest(_ transfer: HTTPTransfer, _ options: EasyOptions) throws(TransferError) {
        try options.set(CURLOPT_URL, transfer.url)
        try options.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try options.set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try options.set(CURLOPT_FOLLOWLOCATION, 0)
        try options.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        try options.set(CURLOPT_MAXFILESIZE_LARGE, offset: transfer.answerLimit)
        guard !transfer.method.isEmpty, transfer.method.utf8.allSatisfy(\.isTokenByte) else {
            throw TransferError(.invalidRequest, detail: "the method is no token")
        }
        switch (transfer.method, transfer.body.isEmpty) {
        case ("GET", true): try options.set(CURLOPT_HTTPGET, 1)
        case ("HEAD", true): try options.set(CURLOPT_NOBODY, 1)
        case (let method, let isEmpty):
            try options.set(CURLOPT_UPLOAD, 1)
            try options.set(CURLOPT_CUSTOMREQUEST, method)
            try options.set(CURLOPT_INFILESIZE_LARGE, offset: transfer.body.count)
            // A request without body gives libcurl nothing to rewind, so it would send it again unasked when a kept connection is dead.
            if isEmpty { try options.set(CURLOPT_FRESH_CONNECT, 1) }
        }
        // An empty value takes a header out: nobody is asked for leave to send, so nobody's leave is waited for.
        try Self.append("Expect:", to: &self.headerList)
        for (name, value) in transfer.headers.sorted(by: { $0.key < $1.key }) {
            guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenByte), value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 })
            else {
                throw TransferError(.invalidRequest, detail: "a header holds a character that headers may not hold")
            }
            try Self.append(value.isEmpty ? "\(name);" : "\(name): \(value)", to: &self.headerList)
        }
        try options.set(CURLOPT_HTTPHEADER, list: self.headerList)
    }

    static func append(_ text: String, to list: inout UnsafeMutablePointer<curl_slist>?) throws(TransferError) {
        guard let longer = curl_slist_append(list, text) else { throw TransferError(.failed, detail: "out of memory") }
        list = longer
    }

    /// The callbacks get this object unretained: the loop keeps it as long as its handle runs.
    private func prepareCallbacks(_ options: EasyOptions) throws(TransferError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try options.set(CURLOPT_READDATA, pointer: context)
        try options.setRead { buffer, size, count, context in
            RunningTransfer.from(context).read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
        }
        try options.set(CURLOPT_SEEKDATA, pointer: context)
        try options.setSeek { context, offset, origin in RunningTransfer.from(context).rewind(to: Int(offset), origin: origin) }
        try options.set(CURLOPT_WRITEDATA, pointer: context)
        try options.setWrite(CURLOPT_WRITEFUNCTION) { buffer, size, count, context in
            RunningTransfer.from(context).answer.take(body: UnsafeRawBufferPointer(start: buffer, count: size * count))
        }
        try options.set(CURLOPT_HEADERDATA, pointer: context)
        try options.setWrite(CURLOPT_HEADERFUNCTION) { buffer, size, count, context in
            RunningTransfer.from(context).take(header: UnsafeRawBufferPointer(start: buffer, count: size * count))
        }
        try options.set(CURLOPT_OPENSOCKETDATA, pointer: context)
        try options.setOpenSocket { context, _, address in address.map { RunningTransfer.from(context).open($0) } ?? CURL_SOCKET_BAD }
    }

    static func from(_ context: UnsafeMutableRawPointer?) -> RunningTransfer {
        Unmanaged<RunningTransfer>.fromOpaque(context!).takeUnretainedValue()
    }
}

extension Duration {
    /// Whole milliseconds, one or more: libcurl reads 0 as "for ever".
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = self.components
        return Int(clamping: max(1, seconds.multipliedReportingOverflow(by: 1000).partialValue + attoseconds / 1_000_000_000_000_000))
    }
}

extension UInt8 {
    /// Source: RFC 9110 section 5.6.2.
    fileprivate var isTokenByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
