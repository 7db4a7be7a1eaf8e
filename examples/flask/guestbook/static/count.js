"use strict";

// How much room is left in the message.
const message = document.querySelector("#sign textarea");
if (message) {
  const left = document.querySelector("#sign output");
  const count = () => { left.textContent = `${message.maxLength - message.value.length} characters left`; };
  message.addEventListener("input", count);
  count();
}
