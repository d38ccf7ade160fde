internal import CLibxml2
import Foundation

/// A parsed HTML document, freed exactly once because it cannot be copied.
///
/// The parser is libxml2's: it takes whatever comes, as browsers do, and fetches nothing. Walks are loops, never recursion: mails nest
/// five thousand deep when they mean harm.
struct HTMLTree: ~Copyable {
    /// What is read of one document. A tree costs up to fifty times its text, and one mail may cost 64 MB in all (I16).
    static let limit = 1_000_000

    private let document: htmlDocPtr?

    /// - Parameter html: UTF-8, whatever a `meta` element says of it; read up to `limit` bytes.
    init(_ html: String) {
        let bytes = HTMLSource.readable(html.utf8, upTo: Self.limit)
        let options =
            HTML_PARSE_RECOVER.rawValue | HTML_PARSE_NOERROR.rawValue | HTML_PARSE_NOWARNING.rawValue | HTML_PARSE_NONET.rawValue
            | UInt32(XML_PARSE_HUGE.rawValue)
        self.document = bytes.withUnsafeBytes { raw in
            htmlReadMemory(raw.bindMemory(to: CChar.self).baseAddress, Int32(raw.count), nil, "UTF-8", Int32(options))
        }
    }

    deinit { if let document { xmlFreeDoc(document) } }

    enum Step {
        case text(String)
        case open(HTMLElement)
        case close(HTMLElement)
    }

    /// Visits the document in its order.
    ///
    /// - Parameter visit: says for `open` whether to go into the element; without that there is no `close` for it.
    func walk(_ visit: (Step) -> Bool) {
        guard let document, var node = xmlDocGetRootElement(document) else { return }
        let root = node
        while true {
            var goesIn = false
            switch node.pointee.type {
            case XML_ELEMENT_NODE: goesIn = visit(.open(HTMLElement(node)))
            case XML_TEXT_NODE, XML_CDATA_SECTION_NODE:
                if let content = node.pointee.content { _ = visit(.text(CharsetLabels.withoutC1(String(cString: content)))) }
            default: break
            }
            if goesIn, let child = node.pointee.children {
                node = child
                continue
            }
            if goesIn { _ = visit(.close(HTMLElement(node))) }
            while node != root, node.pointee.next == nil, let parent = node.pointee.parent {
                node = parent
                _ = visit(.close(HTMLElement(node)))
            }
            guard node != root, let next = node.pointee.next else { return }
            node = next
        }
    }
}

/// One element while a tree is walked: valid no longer than the walk.
struct HTMLElement {
    private let node: xmlNodePtr

    fileprivate init(_ node: xmlNodePtr) { self.node = node }

    /// Lower case.
    var name: String { self.node.pointee.name.map { String(cString: $0).lowercased() } ?? "" }

    subscript(attribute: String) -> String? {
        guard let value = xmlGetProp(self.node, attribute) else { return nil }
        defer { parley_xml_free(value) }
        return String(cString: value)
    }

    /// In lower case, as they stand.
    var attributes: [(name: String, value: String)] {
        var found: [(String, String)] = []
        var next = self.node.pointee.properties
        while let attribute = next, found.count < 64 {
            let name = String(cString: attribute.pointee.name).lowercased()
            found.append((name, self[String(cString: attribute.pointee.name)] ?? ""))
            next = attribute.pointee.next
        }
        return found
    }

    var identity: AnyHashable { AnyHashable(self.node) }

    /// The first text in it, some hundred characters at most.
    var beginning: String {
        var text = ""
        var node = self.node.pointee.children
        var steps = 0
        while let current = node, current != self.node, text.count < 200, steps < 200 {
            steps += 1
            if current.pointee.type == XML_TEXT_NODE, let content = current.pointee.content {
                text += String(String(cString: content).prefix(200))
            }
            if let child = current.pointee.children, current.pointee.type == XML_ELEMENT_NODE {
                node = child
                continue
            }
            var up: xmlNodePtr? = current
            while let here = up, here != self.node, here.pointee.next == nil { up = here.pointee.parent }
            node = up == self.node ? nil : up?.pointee.next
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
