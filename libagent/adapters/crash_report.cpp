#include "libagent/adapters/crash_report.hpp"

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace libagent {

namespace {

constexpr std::size_t report_bytes_max = std::size_t{64} << 10U;
constexpr std::size_t kept_files_max = 20;

/// Cuts the first line off `text` and returns it, without its newline.
std::string_view take_report_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

template <class Number>
bool read_report_number(std::string_view text, int base, Number& out) {
  const auto* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, out, base);
  return problem == std::errc{} && stop == end;
}

/// Whether `name` is known and `value` is one for it.
bool set_report_field(crash_report& report, std::string_view name, std::string_view value) {
  if (name == "signal") {
    report.signal = value;
    return !value.empty() && value.size() <= 32;
  }
  if (name == "time")
    return read_report_number(value, 10, report.at);
  if (name == "pid")
    return read_report_number(value, 10, report.pid);
  if (name == "address")
    return value.starts_with("0x") && read_report_number(value.substr(2), 16, report.address);
  if (name == "task") {
    report.task = task_id_from_string(value);
    return report.task.has_value();
  }
  if (name == "target") {
    report.target = value;
    return true;
  }
  return false;
}

std::string contents_of(int file) {
  std::string text(report_bytes_max, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto count =
        ::pread(file, text.data() + size, text.size() - size, static_cast<off_t>(size));
    if (count <= 0)
      break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return text;
}

std::string error_text() {
  return std::generic_category().message(errno);
}

/// Keeps the file under another name, so that it is not read again.
void set_aside(const std::filesystem::path& file, const std::string& ending) {
  std::error_code failed;
  std::filesystem::rename(file, file.string() + ending, failed);
  if (failed)
    std::filesystem::remove(file, failed);
}

void take_one(const std::filesystem::path& file, taken_crash_reports& into) {
  const owned_descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!opened.is_open()) {
    into.skipped.push_back("open crash report " + file.string() + ": " + error_text());
    return;
  }
  if (::flock(opened.get(), LOCK_EX | LOCK_NB) != 0)
    return;  // its process lives
  const auto text = contents_of(opened.get());
  if (text.empty()) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);  // killed by SIGKILL, perhaps; no crash of ours
    return;
  }
  auto report = parse_crash_report(text);
  const bool is_one = report.has_value();
  if (is_one) {
    into.reports.push_back(*std::move(report));
  } else {
    into.skipped.push_back("read crash report " + file.string() + ": it begins with " +
                           quoted_excerpt(text) + ", which is no report");
  }
  set_aside(file, is_one ? ".taken" : ".unreadable");
}

bool is_named(const std::filesystem::path& file, std::string_view ending) {
  const auto name = file.filename().string();
  return name.starts_with("crash-") && name.ends_with(ending);
}

std::vector<std::filesystem::path> files_named(const std::filesystem::path& directory,
                                               std::string_view ending) {
  std::vector<std::filesystem::path> found;
  std::error_code failed;
  std::filesystem::directory_iterator entries{directory, failed};
  for (; !failed && entries != std::filesystem::directory_iterator{}; entries.increment(failed)) {
    std::error_code ignored;
    if (is_named(entries->path(), ending) && entries->is_regular_file(ignored))
      found.push_back(entries->path());
  }
  return found;
}

void forget_old_files(const std::filesystem::path& directory, std::string_view ending) {
  auto files = files_named(directory, ending);
  if (files.size() <= kept_files_max)
    return;
  std::ranges::sort(files, std::ranges::greater{}, [](const auto& file) {
    std::error_code ignored;
    return std::filesystem::last_write_time(file, ignored);
  });
  for (auto file = files.begin() + kept_files_max; file != files.end(); ++file) {
    std::error_code ignored;
    std::filesystem::remove(*file, ignored);
  }
}

}  // namespace

std::string to_string(const crash_report& report) {
  auto text = report.signal;
  if (report.address != 0)
    text += fmt::format(" at address {:#x}", report.address);
  if (!report.task)
    return text + " outside of any task";
  return text + " in task " + to_string(*report.task) + " (" + report.target + ")";
}

std::optional<crash_report> parse_crash_report(std::string_view text) {
  if (take_report_line(text) != crash_report_title)
    return std::nullopt;
  crash_report report;
  while (!text.empty()) {
    const auto line = take_report_line(text);
    if (line == "backtrace")
      break;
    const auto space = std::min(line.find(' '), line.size());
    const auto value = line.substr(std::min(space + 1, line.size()));
    if (!set_report_field(report, line.substr(0, space), value))
      return std::nullopt;
  }
  report.backtrace = text;
  if (report.signal.empty() || report.at == 0)
    return std::nullopt;
  return report;
}

taken_crash_reports take_crash_reports(const std::filesystem::path& directory) {
  taken_crash_reports taken;
  for (const auto& file : files_named(directory, ".txt"))
    take_one(file, taken);
  std::ranges::sort(taken.reports, {}, &crash_report::at);
  forget_old_files(directory, ".taken");
  forget_old_files(directory, ".unreadable");
  return taken;
}

}  // namespace libagent
