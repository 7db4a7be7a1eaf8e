// The filters of the list of runs; without them every run is shown.
(function () {
  "use strict";
  var rows = Array.prototype.slice.call(document.querySelectorAll("tr[data-env]"));
  var parts = Array.prototype.slice.call(document.querySelectorAll("section[data-env]"));
  var shown = document.getElementById("shown");
  var filters = ["env", "kind", "verdict", "text"].map(function (name) { return document.getElementById(name); });
  function value(name) { return document.getElementById(name).value; }
  function fits(row) {
    return ["env", "kind", "verdict"].every(function (name) {
      return !value(name) || row.dataset[name] === value(name);
    }) && row.textContent.toLowerCase().indexOf(value("text").toLowerCase()) >= 0;
  }
  function apply() {
    var count = 0;
    rows.forEach(function (row) { row.hidden = !fits(row); count += row.hidden ? 0 : 1; });
    parts.forEach(function (part) { part.hidden = value("env") !== "" && part.dataset.env !== value("env"); });
    shown.textContent = count + " of " + rows.length + " runs";
  }
  filters.forEach(function (filter) { filter.addEventListener("input", apply); });
  document.getElementById("filters").hidden = false;
  apply();
}());
