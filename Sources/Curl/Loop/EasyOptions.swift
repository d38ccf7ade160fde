import CLibcurl

/// Sets options of one easy handle, and says so when libcurl will not: a guard that was not set must not be taken for one.
struct EasyOptions {
    let easy: UnsafeMutableRawPointer

    func set(_ option: CURLoption, _ value: Int) throws(TransferError) { try self.check(parley_curl_set_long(self.easy, option, value)) }
    func set(_ option: CURLoption, offset: Int) throws(TransferError) { try self.check(parley_curl_set_offset(self.easy, option, offset)) }
    /// libcurl copies the text.
    func set(_ option: CURLoption, _ value: String?) throws(TransferError) {
        try self.check(parley_curl_set_string(self.easy, option, value))
    }
    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) throws(TransferError) {
        try self.check(parley_curl_set_pointer(self.easy, option, pointer))
    }
    func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) throws(TransferError) {
        try self.check(parley_curl_set_list(self.easy, option, list))
    }
    func setRead(_ callback: curl_read_callback) throws(TransferError) { try self.check(parley_curl_set_read(self.easy, callback)) }
    func setSeek(_ callback: curl_seek_callback) throws(TransferError) { try self.check(parley_curl_set_seek(self.easy, callback)) }
    func setWrite(_ option: CURLoption, _ callback: curl_write_callback) throws(TransferError) {
        try self.check(parley_curl_set_write(self.easy, option, callback))
    }
    func setDebug(_ callback: curl_debug_callback) throws(TransferError) { try self.check(parley_curl_set_debug(self.easy, callback)) }
    func setProgress(_ callback: curl_xferinfo_callback) throws(TransferError) {
        try self.check(parley_curl_set_progress(self.easy, callback))
    }
    func setOpenSocket(_ callback: curl_opensocket_callback) throws(TransferError) {
        try self.check(parley_curl_set_opensocket(self.easy, callback))
    }

    private func check(_ code: CURLcode) throws(TransferError) {
        guard code != CURLE_OK else { return }
        throw TransferError(code == CURLE_URL_MALFORMAT ? .invalidRequest : .failed, detail: String(cString: curl_easy_strerror(code)))
    }
}
