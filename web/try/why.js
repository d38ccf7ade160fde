// Why a message stands in its conversation, in sentences for whoever reads of threading the first time.
import { conversationName } from "./names.js";

/// What led to the conversation, by `why.rule`.
const RULES = {
    thread: ({ key }) => `The provider says in which thread it was written: ${after(key, ":")}.`,
    address: () => "What one person writes here is one conversation, and the sender’s address tells who that is.",
    posted: () => "It was posted into the conversation through the API.",
    token: () => "It was sent to a reply address, or answers a Message-ID, that Parley made for one conversation only.",
    reference: ({ messageId }) => `It names an earlier mail, or an earlier mail named it: ${messageId}.`,
    subject: ({ subject }) => `It is a reply that names no earlier mail, and its sender’s last conversation has the same subject: “${subject}”.`,
    new: () => "Nothing in it leads to an earlier conversation: it names no mail known here, and was not sent to a reply address.",
};
const ACTS = {
    opened: "So a new conversation was opened for it.",
    joined: "So it joined that conversation.",
    reopened: "That conversation had been ended, and was opened again for it.",
};
const EVIDENCE = {
    authentication: { pass: "The channel’s own mail server vouches for the sender.", fail: "The channel’s own mail server says that the sender is not genuine." },
    breaker: { sender_rate: "More mails came from this sender than a person writes, so it counts as written by a machine." },
};
/// Why a conversation that could have been it was not.
const REFUSALS = {
    ended: "it had been ended",
    token_expired: "the reply address of that conversation was no longer valid",
    sender_mismatch: "the sender takes no part in that one",
    authentication_failed: "nothing proves that the sender is who the mail says",
};

export function whySentences(bridge, why) {
    const { rule, act, evidence = {}, refused = [] } = why;
    const told = Object.entries(EVIDENCE).map(([name, sentences]) => sentences[evidence[name]]);
    const others = refused.map(({ conversationId, reason }) => {
        const other = bridge.conversations.find((each) => each.id === conversationId);
        return `It did not go into ${other ? `the conversation with ${conversationName(bridge, other)}` : "another conversation"}: ${REFUSALS[reason] ?? plain(reason)}.`;
    });
    const twin = why.possibleDuplicateOf ? "The sender wrote the same within a minute, so the two may be one message." : null;
    // What followed stands last: after a stranger's mail names a conversation and is refused there, a new one is opened.
    return [RULES[rule]?.(evidence) ?? `Rule: ${plain(rule)}.`, ...told, ...others, ACTS[act], twin].filter(Boolean);
}

function after(text = "", mark) { return text.slice(text.indexOf(mark) + 1); }
function plain(name) { return String(name).replaceAll("_", " "); }
