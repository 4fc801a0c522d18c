// Puts the chat into another site: <script src="https://HOST/chat/static/embed.js" defer></script>
// A button in the corner opens and closes a frame. Old browsers run this, too: ES5 only.
(function () {
  "use strict";
  var base = document.currentScript.src.replace(/\/chat\/static\/embed\.js.*$/, "");
  var button = document.createElement("button");
  var frame = null;

  function style(node, rules) {
    for (var name in rules) node.style.setProperty(name, rules[name]);
  }
  function show(open) {
    if (open && !frame) {
      frame = document.createElement("iframe");
      frame.src = base + "/chat/embed";
      frame.title = "通通优军对话";
      frame.allow = "geolocation; microphone";
      style(frame, {
        position: "fixed", right: "12px", bottom: "84px", width: "420px", "max-width": "calc(100% - 24px)",
        height: "640px", "max-height": "calc(100% - 100px)", border: "2px solid #8f1414",
        "border-radius": "10px", background: "#fff", "z-index": "2147483000"
      });
      document.body.insertBefore(frame, button.nextSibling);
    }
    if (frame) frame.style.display = open ? "block" : "none";
    button.textContent = open ? "关闭对话" : "通通优军 问政策";
    button.setAttribute("aria-expanded", String(open));
  }
  button.type = "button";
  style(button, {
    position: "fixed", right: "12px", bottom: "12px", "min-height": "60px", padding: "0 20px",
    font: "bold 20px/1.2 sans-serif", color: "#fff", background: "#8f1414", border: "2px solid #fff",
    "border-radius": "10px", cursor: "pointer", "z-index": "2147483000"
  });
  button.addEventListener("click", function () {
    show(button.getAttribute("aria-expanded") !== "true");
  });
  document.body.appendChild(button);
  show(false);
})();
