#include "libagent/api/task_page.hpp"

#include "libagent/api/iso_time.hpp"
#include "libagent/api/text_table.hpp"
#include "libagent/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace libagent {

namespace {

constexpr std::size_t remark_bytes_max = 100;
constexpr std::size_t label_width = 11;

/// `text` without what could move a terminal's cursor; line breaks stay when `keeps_lines`.
std::string harmless(std::string_view text, bool keeps_lines) {
  std::string shown;
  for (const char c : text) {
    const bool is_control = (c >= '\0' && c < ' ') || c == '\x7f';
    shown += is_control && !(keeps_lines && c == '\n') ? ' ' : c;
  }
  return shown;
}

std::string first_line(std::string_view text) {
  const auto line = text.substr(0, text.find('\n'));
  auto shown = harmless(utf8_prefix(line, remark_bytes_max), false);
  return line.size() > remark_bytes_max ? shown + "..." : shown;
}

std::string attempts_text(const task_record& task) {
  auto text = std::to_string(task.attempt);
  if (task.crashes > 0)
    text += "/" + std::to_string(task.crashes);
  return text;
}

std::string remark_on(const task_record& task) {
  if (task.failure)
    return first_line(to_string(*task.failure));
  if (task.waits_for > 0)
    return "waits for " + std::to_string(task.waits_for) + " of its own";
  return first_line(task.note);
}

/// Lines of a label and a value; later lines of a value stand under its first.
class fact_sheet {
public:
  void add(std::string_view label, std::string_view value) {
    if (value.empty())
      return;
    text_.append(label).append(label_width - label.size(), ' ');
    for (const char c : harmless(value, true)) {
      text_ += c;
      if (c == '\n')
        text_.append(label_width, ' ');
    }
    text_ += '\n';
  }

  void add_time(std::string_view label, std::optional<unix_millis> time, unix_millis now) {
    if (!time)
      return;
    const bool is_past = *time <= now;
    add(label, iso_time(*time) + (is_past ? " (" + age_text(*time, now) + " ago)"
                                          : " (in " + age_text(now, *time) + ")"));
  }

  [[nodiscard]] std::string take() && { return std::move(text_); }

private:
  std::string text_;
};

std::string attempts_sentence(const task_record& task) {
  auto text = std::to_string(task.attempt);
  if (task.crashes > 0)
    text += ", of which " + std::to_string(task.crashes) + " crashed";
  return text;
}

void add_course(fact_sheet& sheet, const task_record& task, unix_millis now) {
  sheet.add("attempts", attempts_sentence(task));
  sheet.add_time("accepted", task.accepted_at, now);
  sheet.add_time("started", task.started_at, now);
  sheet.add_time("ended", task.ended_at, now);
  if (!is_terminal(task.state))
    sheet.add_time("deadline", task.deadline, now);
  if (task.progress) {
    const auto percent = static_cast<int>(std::clamp(task.progress->fraction, 0.0, 1.0) * 100);
    sheet.add("progress", std::to_string(percent) + "% " + task.progress->message);
  }
}

}  // namespace

std::string age_text(unix_millis since, unix_millis now) {
  const auto seconds = std::max(now - since, unix_millis{0}) / 1'000;
  if (seconds < 60)
    return std::to_string(seconds) + "s";
  if (seconds < 3'600)
    return std::to_string(seconds / 60) + "m";
  if (seconds < 86'400)
    return std::to_string(seconds / 3'600) + "h";
  return std::to_string(seconds / 86'400) + "d";
}

std::string render_tasks(const std::vector<task_record>& tasks, unix_millis now) {
  if (tasks.empty())
    return {};
  std::vector<text_row> rows{{"ID", "STATE", "TOOL", "ATTEMPTS", "AGE", "REMARK"}};
  for (const auto& task : tasks) {
    rows.push_back({to_string(task.id), std::string{name_of(task.state)}, first_line(task.target),
                    attempts_text(task), age_text(task.accepted_at, now), remark_on(task)});
  }
  return text_table(rows);
}

std::string render_task(const task_record& task, unix_millis now) {
  fact_sheet sheet;
  sheet.add("id", to_string(task.id));
  sheet.add("tool", task.target);
  sheet.add("state", name_of(task.state));
  sheet.add("lane", std::string{name_of(task.task_lane)}.append(", ").append(name_of(task.level)));
  sheet.add("client", task.client);
  sheet.add("node", task.node);
  add_course(sheet, task, now);
  sheet.add("key", task.key);
  sheet.add("trace", task.trace);
  if (task.parent)
    sheet.add("parent", to_string(*task.parent));
  if (task.waits_for > 0)
    sheet.add("waits for", std::to_string(task.waits_for) + " tasks of its own");
  if (task.cache)
    sheet.add("cache", task.cache->outcome);
  sheet.add("note", task.note);
  if (task.failure)
    sheet.add("error", to_string(*task.failure));
  if (task.result)
    sheet.add("result", task.result->text);
  return std::move(sheet).take();
}

std::string render_schedules(const std::vector<schedule_view>& schedules) {
  if (schedules.empty())
    return {};
  std::vector<text_row> rows{{"ID", "NEXT", "WHEN", "RUNS", "TOOL", "NAME"}};
  for (const auto& each : schedules) {
    rows.push_back({to_string(each.id), each.next_due_utc, first_line(each.cron.value_or("once")),
                    std::to_string(each.runs),
                    first_line(each.task.tool.value_or("agent:" + each.task.agent.value_or(""))),
                    first_line(each.name)});
  }
  return text_table(rows);
}

}  // namespace libagent
