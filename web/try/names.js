// What people and conversations are called on this page.

/// Of an anonymous visitor there is only a number of 32 digits: its first four tell visitors apart well enough.
export function shownAddress(address) { return /^[0-9a-f]{32}$/.test(address ?? "") ? `Visitor ${address.slice(0, 4)}` : address; }

export function contactName(contact) { return contact?.displayName || shownAddress(contact?.identities?.[0]?.address) || "Somebody"; }

export function conversationName(bridge, conversation) {
    return bridge.contact(conversation?.contactId)?.displayName || shownAddress(conversation?.address?.value) || conversation?.name || conversation?.thread || "?";
}
