// The page of `parley dev` where a newcomer sees all channels and what they become, side by side and live.
import { Bridge } from "./bridge.js";
import { mailbox, phone, slack, webchat } from "./customers.js";
import { team } from "./team.js";

const link = document.getElementById("link");
const bridge = new Bridge();
try {
    await bridge.start((isLive) => {
        link.textContent = isLive ? "Live" : "Connection lost, trying again …";
        link.classList.toggle("live", isLive);
    });
    for (const draw of [phone, mailbox, team, slack, webchat]) draw(bridge);
    await bridge.refresh();
} catch (error) { link.textContent = `This page could not start: ${error.message}`; }
