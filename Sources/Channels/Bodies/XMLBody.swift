internal import CLibxml2
internal import Parley

/// An XML document as JSON: `{"name": "Response", "attributes": {"id": "1"}, "text": "…", "children": […]}`.
///
/// Read element by element, so that it never costs more than it may. A document type is refused: with it goes all that could reach out or
/// grow.
///
/// Source: XML 1.0 (fifth edition); libxml2, "xmlreader.h".
enum XMLBody {
    private static let maxDepth = 50
    private static let maxElements = JSON.valueLimit / 4

    /// - Returns: nil when the bytes are no such document.
    /// - Throws: `.tooMany` when it has more elements than may be.
    static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSON? {
        // In UTF-8 or not at all: an encoding of the document's own is one more thing that could be lied about.
        guard String(validating: bytes, as: UTF8.self) != nil, let reader = XMLReader(bytes) else { return nil }
        var open: [Element] = []
        var root: JSON?
        var elements = 0
        while true {
            switch reader.next() {
            case .end: return open.isEmpty ? root : nil
            case .broken: return nil
            case .open(let name, let attributes, let isEmpty):
                elements += 1
                guard elements <= self.maxElements else {
                    throw JSONError(code: .tooMany, offset: 0, detail: "more than \(self.maxElements) elements")
                }
                guard open.count < self.maxDepth else { return nil }
                open.append(Element(name: name, attributes: attributes))
                if isEmpty { self.close(&open, &root) }
            case .close: self.close(&open, &root)
            case .text(let text): if !open.isEmpty { open[open.count - 1].text += text }
            case .other: continue
            }
        }
    }

    private static func close(_ open: inout [Element], _ root: inout JSON?) {
        guard let json = open.popLast()?.json else { return }
        if open.isEmpty { root = json } else { open[open.count - 1].children.append(json) }
    }
}

private struct Element {
    var name: String
    var attributes: [String: JSON]
    var text = ""
    var children: [JSON] = []

    var json: JSON {
        [
            "name": .string(self.name), "attributes": .object(self.attributes), "text": .string(self.text),
            "children": .array(self.children),
        ]
    }
}

/// An `xmlTextReader`, freed exactly once because it cannot be copied.
private struct XMLReader: ~Copyable {
    enum Step {
        case open(name: String, attributes: [String: JSON], isEmpty: Bool)
        case text(String)
        case close
        /// A comment or an instruction.
        case other
        case end
        case broken
    }

    private let pointer: xmlTextReaderPtr
    /// The reader does not copy what it reads.
    private let bytes: UnsafeMutableBufferPointer<CChar>

    init?(_ bytes: [UInt8]) {
        guard let count = Int32(exactly: bytes.count), count > 0 else { return nil }
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
        _ = buffer.initialize(fromContentsOf: bytes.lazy.map { CChar(bitPattern: $0) })
        let options = Int32(XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue)
        guard let pointer = xmlReaderForMemory(buffer.baseAddress, count, nil, "UTF-8", options) else {
            buffer.deallocate()
            return nil
        }
        (self.pointer, self.bytes) = (pointer, buffer)
    }

    deinit {
        xmlFreeTextReader(self.pointer)
        self.bytes.deallocate()
    }

    func next() -> Step {
        switch xmlTextReaderRead(self.pointer) {
        case 0: return .end
        case 1: break
        default: return .broken
        }
        switch xmlReaderTypes(UInt32(bitPattern: xmlTextReaderNodeType(self.pointer))) {
        case XML_READER_TYPE_ELEMENT:
            let (name, isEmpty) = (self.text(xmlTextReaderConstName(self.pointer)), xmlTextReaderIsEmptyElement(self.pointer) == 1)
            return .open(name: name, attributes: self.attributes(), isEmpty: isEmpty)
        case XML_READER_TYPE_END_ELEMENT: return .close
        case XML_READER_TYPE_TEXT, XML_READER_TYPE_CDATA, XML_READER_TYPE_WHITESPACE, XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
            return .text(self.text(xmlTextReaderConstValue(self.pointer)))
        case XML_READER_TYPE_COMMENT, XML_READER_TYPE_PROCESSING_INSTRUCTION, XML_READER_TYPE_XML_DECLARATION: return .other
        default: return .broken  // a document type, or an entity that only one could have made
        }
    }

    private func attributes() -> [String: JSON] {
        var attributes: [String: JSON] = [:]
        while xmlTextReaderMoveToNextAttribute(self.pointer) == 1 {
            attributes[self.text(xmlTextReaderConstName(self.pointer))] = .string(self.text(xmlTextReaderConstValue(self.pointer)))
        }
        return attributes
    }

    private func text(_ pointer: UnsafePointer<xmlChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
}
