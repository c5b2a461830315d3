(function () {
  "use strict";
  var table = document.getElementById("reports"), body = table.tBodies[0], status = document.getElementById("sorted");
  Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
    if (!head.hasAttribute("data-sort")) return;
    var button = document.createElement("button"), rising = true;
    button.type = "button";
    while (head.firstChild) button.appendChild(head.firstChild);
    head.appendChild(button);
    button.addEventListener("click", function () {
      var rows = Array.prototype.slice.call(body.rows), number = head.getAttribute("data-sort") === "number";
      rows.sort(function (a, b) {
        var x = a.cells[column].getAttribute("data-value"), y = b.cells[column].getAttribute("data-value");
        if (x === "" || y === "") return (x === "" ? 1 : 0) - (y === "" ? 1 : 0);
        var order = number ? x - y : x < y ? -1 : x > y ? 1 : 0;
        return rising ? order : -order;
      });
      rows.forEach(function (row) { body.appendChild(row); });
      Array.prototype.forEach.call(table.tHead.rows[0].cells, function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      status.textContent = "已按“" + button.textContent.trim() + "”" + (rising ? "从小到大" : "从大到小") + "排序";
      rising = !rising;
    });
  });
})();
