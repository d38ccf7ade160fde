internal import Parley

/// A message as a channel can show it: what it cannot show has become text.
struct Degraded {
    var texts: [String]
    /// They go with the first text.
    var media: [Media]
    var buttons: [Button]
    var degradations: [String] = []

    init(_ body: Body, for capabilities: Capabilities) {
        var text = body.text
        self.media = []
        self.buttons = body.buttons
        for media in body.media {
            if self.media.count < capabilities.mediaCount, media.size ?? 0 <= capabilities.mediaBytes {
                self.media.append(media)
            } else {
                text += (text.isEmpty ? "" : "\n") + (media.filename.map { "\($0): " } ?? "") + media.url
                self.degradations = ["media_as_links"]
            }
        }
        if capabilities.buttons == .text, !body.buttons.isEmpty {
            for (index, button) in body.buttons.enumerated() {
                text += (text.isEmpty ? "" : "\n") + "\(index + 1). \(button.title)" + (button.url.map { ": \($0)" } ?? "")
            }
            self.buttons = []
            self.degradations.append("buttons_as_text")
        }
        self.texts = Segmentation.split(text, encoding: capabilities.textEncoding, limit: capabilities.textLimit)
    }
}
