// Which checks are shown; without it all of them are, folded as they were written.
(function () {
  "use strict";
  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }
  var checks = all("details.check");
  var boxes = all("#filters input");
  function apply() {
    var wanted = boxes.filter(function (box) { return box.checked; }).map(function (box) { return box.dataset.outcome; });
    var count = 0;
    checks.forEach(function (check) {
      check.hidden = wanted.indexOf(check.dataset.outcome) < 0;
      count += check.hidden ? 0 : 1;
    });
    document.getElementById("shown").textContent = count + " of " + checks.length + " checks";
  }
  boxes.forEach(function (box) { box.addEventListener("change", apply); });
  all("#filters button").forEach(function (button) {
    button.addEventListener("click", function () {
      checks.forEach(function (check) { check.open = !check.hidden && button.dataset.open !== ""; });
    });
  });
  document.documentElement.lang = "en";  // the page around it names no language
  document.getElementById("filters").hidden = false;
  apply();
}());
