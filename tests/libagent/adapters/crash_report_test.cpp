#include "libagent/adapters/crash_report.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using libagent::testing::temporary_folder;

namespace {

const std::string whole_report =
    "libagent crash report 1\n"
    "signal SIGSEGV\n"
    "time 1700000000123\n"
    "pid 4711\n"
    "address 0xdeadbeef\n"
    "task 018bcfe5-687b-7abc-8def-0123456789ab\n"
    "target fetch\n"
    "backtrace\n"
    "agent(+0x10)[0x10]\n"
    "agent(+0x20)[0x20]\n";

/// Up to, and with, the line that begins with `last`.
std::string report_up_to(const std::string& last) {
  const auto begin = whole_report.find("\n" + last) + 1;
  return whole_report.substr(0, whole_report.find('\n', begin) + 1);
}

}  // namespace

TEST_CASE("a crash report is read with all its facts") {
  const auto report = parse_crash_report(whole_report);
  REQUIRE(report);
  CHECK(report->signal == "SIGSEGV");
  CHECK(report->at == 1700000000123);
  CHECK(report->pid == 4711);
  CHECK(report->address == 0xdeadbeef);
  CHECK(report->task == task_id_from_string("018bcfe5-687b-7abc-8def-0123456789ab"));
  CHECK(report->target == "fetch");
  CHECK(report->backtrace == "agent(+0x10)[0x10]\nagent(+0x20)[0x20]\n");
  CHECK(to_string(*report) ==
        "SIGSEGV at address 0xdeadbeef in task 018bcfe5-687b-7abc-8def-0123456789ab (fetch)");
}

TEST_CASE("a crash report that ends after its facts is still one") {
  const auto report = parse_crash_report(report_up_to("address"));
  REQUIRE(report);
  CHECK_FALSE(report->task);
  CHECK(report->backtrace.empty());
  CHECK(to_string(*report) == "SIGSEGV at address 0xdeadbeef outside of any task");
  CHECK_FALSE(parse_crash_report(report_up_to("signal")));
}

TEST_CASE("text that is no crash report is refused, wherever it goes wrong") {
  CHECK_FALSE(parse_crash_report(""));
  CHECK_FALSE(parse_crash_report("libagent crash report 2\nsignal SIGSEGV\ntime 1\n"));
  const std::string head = "libagent crash report 1\nsignal SIGSEGV\ntime 1\n";
  REQUIRE(parse_crash_report(head));
  CHECK_FALSE(parse_crash_report(head + "time\n"));
  CHECK_FALSE(parse_crash_report(head + "time 12x\n"));
  CHECK_FALSE(parse_crash_report(head + "address 12\n"));
  CHECK_FALSE(parse_crash_report(head + "task 12\n"));
  CHECK_FALSE(parse_crash_report(head + "colour red\n"));
  CHECK_FALSE(parse_crash_report(head + "\n"));
}

TEST_CASE("crash reports are taken once, oldest first, and kept under another name") {
  const temporary_folder home;
  home.write("crash-9-1.txt", whole_report);
  home.write("crash-8-2.txt", "libagent crash report 1\nsignal SIGABRT\ntime 1600000000000\n");
  home.write("notes.txt", "not ours");
  const auto first = take_crash_reports(home.path());
  CHECK(first.skipped.empty());
  REQUIRE(first.reports.size() == 2);
  CHECK(first.reports[0].signal == "SIGABRT");
  CHECK(first.reports[1].signal == "SIGSEGV");
  CHECK(take_crash_reports(home.path()).reports.empty());
  CHECK(std::filesystem::exists(home.path() / "crash-9-1.txt.taken"));
  CHECK(std::filesystem::exists(home.path() / "notes.txt"));
}

TEST_CASE("garbage among the crash reports is skipped with a message, and not read again") {
  const temporary_folder home;
  home.write("crash-1-1.txt", std::string(100'000, '\xff'));
  home.write("crash-2-1.txt", "libagent crash report 1\ngarbage");
  home.write("crash-3-1.txt", whole_report);
  std::filesystem::create_directory(home.path() / "crash-4-1.txt");
  const auto taken = take_crash_reports(home.path());
  CHECK(taken.reports.size() == 1);
  REQUIRE(taken.skipped.size() == 2);
  CHECK_THAT(taken.skipped[0] + taken.skipped[1], Catch::Contains("crash-1-1.txt") &&
                                                      Catch::Contains("crash-2-1.txt") &&
                                                      Catch::Contains("which is no report"));
  CHECK(take_crash_reports(home.path()).skipped.empty());
}

TEST_CASE("a folder that is missing has no crash reports, and an empty file is none") {
  const temporary_folder home;
  CHECK(take_crash_reports(home.path() / "missing").reports.empty());
  home.write("crash-1-1.txt", "");
  const auto taken = take_crash_reports(home.path());
  CHECK(taken.reports.empty());
  CHECK(taken.skipped.empty());
  CHECK_FALSE(std::filesystem::exists(home.path() / "crash-1-1.txt"));
}

TEST_CASE("of the crash reports that were taken the newest twenty are kept") {
  const temporary_folder home;
  for (int i = 0; i < 25; ++i)
    home.write("crash-" + std::to_string(i) + "-1.txt", whole_report);
  CHECK(take_crash_reports(home.path()).reports.size() == 25);
  const std::filesystem::directory_iterator files{home.path()};
  CHECK(std::distance(begin(files), end(files)) == 20);
}
