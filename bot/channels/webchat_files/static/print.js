// The print view's one button.
"use strict";
document.documentElement.classList.add("scripted");
document.getElementById("print").addEventListener("click", function () { window.print(); });
