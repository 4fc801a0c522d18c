// The chat page's own script: sends, fetches what is new, and keeps unsent words until they arrive.
"use strict";
(() => {
  const token = document.body.dataset.token;
  let last = Number(document.body.dataset.last);
  const log = document.getElementById("log");
  const notice = document.getElementById("notice");
  const form = document.getElementById("say");
  const text = document.getElementById("text");
  const waiting = [];
  let busy = false, fetching = false, quick = 0;

  const element = (name, className, content) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (content !== undefined) made.textContent = content;
    return made;
  };
  const tell = (words) => { notice.textContent = words; notice.hidden = !words; };
  // A long answer is shown from its first line: the conclusion stands there.
  const reveal = (fresh) => {
    const first = fresh.find((entry) => entry.side !== "person");
    const node = first && log.querySelector(`[data-id="${first.id}"]`);
    bottom();
    if (node && node.getBoundingClientRect().top < 0) node.scrollIntoView({ block: "start" });
  };
  const bottom = () => window.scrollTo({ top: document.body.scrollHeight });

  // Headings of an answer's parts (条件： 怎么办：) stand out; everything stays text.
  function said(text) {
    const whole = element("p", "said");
    text.split("\n").forEach((line, number) => {
      if (number) whole.append("\n");
      whole.append(/^\S{2,9}：$/.test(line) ? element("strong", "", line) : line);
    });
    return whole;
  }

  function choice([value, label]) {
    const button = element("button", "", label);
    button.type = "button";
    button.addEventListener("click", () => say({ text: value, label }, label));
    return button;
  }

  function show(entry) {
    const article = element("article", entry.side);
    article.dataset.id = entry.id;
    if (entry.author) article.append(element("p", "author", entry.author));
    article.append(said(entry.text));
    for (const [url, label] of entry.links || []) {
      const link = element("a", "link", label);
      if (!url.startsWith("https://")) continue;
      Object.assign(link, { href: url, target: "_blank", rel: "noopener noreferrer" });
      article.append(link);
    }
    if ((entry.choices || []).length) {
      const row = element("div", "choices");
      row.append(...entry.choices.map(choice));
      article.append(row);
    }
    log.append(article);
    if (entry.share === "location") document.getElementById("locate").classList.add("wanted");
  }

  async function fetchNew() {
    if (fetching) return;
    fetching = true;
    try {
      const answer = await fetch(`/chat/messages?after=${last}`, { headers: { Accept: "application/json" } });
      if (answer.status === 401) { tell("页面已过期，请刷新。"); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const { messages } = await answer.json();
      const fresh = messages.filter((entry) => entry.id > last);
      if (fresh.length) {
        log.querySelectorAll(".pending").forEach((node) => node.remove());
        fresh.forEach(show);
        last = fresh[fresh.length - 1].id;
        waiting.forEach((item) => log.append(item.node));
        reveal(fresh);
      }
      if (!waiting.length) tell("");
    } catch {
      tell("网络不通，正在重试。您写的内容不会丢。");
    } finally { fetching = false; }
  }

  function say(body, shown) {
    const node = element("article", "person pending");
    node.append(element("p", "said", shown));
    log.append(node);
    const id = crypto.randomUUID ? crypto.randomUUID() : String(Date.now()) + Math.random();
    waiting.push({ body: { ...body, id, token }, node });
    bottom();
    flush();
  }

  async function flush() {
    if (busy) return;
    busy = true;
    while (waiting.length) {
      const { body, node } = waiting[0];
      try {
        const answer = await fetch("/chat/messages", {
          method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
        });
        if (answer.status === 429) { tell("发得太快了，稍等几秒会自动发出。"); await pause(3000); continue; }
        if (answer.status >= 500) throw new Error(String(answer.status));
        waiting.shift();
        if (!answer.ok) {
          node.remove();
          const { error } = await answer.json().catch(() => ({ error: "没有发出去，请刷新页面再试。" }));
          tell(error);
          if (body.text && !body.label) text.value = body.text;
          continue;
        }
        tell("");
        quick = 10;
        await fetchNew();
      } catch {
        tell("网络不通，这句话还没发出去，会自动重发。");
        await pause(3000);
      }
    }
    busy = false;
  }
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = text.value.trim();
    if (!said) return;
    text.value = "";
    say({ text: said }, said);
    text.focus();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  });

  log.querySelectorAll(".bot > .said, .staff > .said").forEach((node) => node.replaceWith(said(node.textContent)));
  log.querySelectorAll(".choices form").forEach((plain) => {
    plain.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = plain.querySelector("button");
      say({ text: button.value, label: button.textContent }, button.textContent);
    });
  });

  const locate = document.getElementById("locate");
  if (navigator.geolocation) {
    locate.hidden = false;
    locate.addEventListener("click", () => {
      tell("正在取位置。只用来找附近的地方，不会告诉别人。");
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => say({ point: { latitude: coords.latitude, longitude: coords.longitude } }, "［发送了位置］"),
        () => tell("没有取到位置。请直接打镇、街道的名字，比如：海门三星镇。"),
        { timeout: 10000, maximumAge: 60000 },
      );
    });
  }

  const larger = document.getElementById("larger");
  const enlarge = (on) => {
    document.documentElement.classList.toggle("large", on);
    larger.setAttribute("aria-pressed", String(on));
    larger.textContent = on ? "标准字" : "大字";
  };
  const stored = () => { try { return localStorage.getItem("large") === "1"; } catch { return false; } };
  larger.hidden = false;
  enlarge(stored());
  larger.addEventListener("click", () => {
    const on = !document.documentElement.classList.contains("large");
    enlarge(on);
    bottom();
    try { localStorage.setItem("large", on ? "1" : "0"); } catch { /* private mode */ }
  });

  async function watch() {
    for (;;) {
      await pause(document.hidden ? 20000 : quick-- > 0 ? 1000 : 4000);
      if (!busy) await fetchNew();
    }
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) fetchNew(); });
  bottom();
  watch();
})();
