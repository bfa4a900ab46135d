#include "tests/support/child_process.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using namespace std::chrono_literals;
using libagent::testing::child_process;
using libagent::testing::exit_status;

// What the other system tests lean on.

TEST_CASE("a child process's output is read line by line, the last one without a newline too") {
  child_process child{{"printf", "one\\n\\ntwo"}};
  CHECK(child.read_line(5s) == "one");
  CHECK(child.read_line(5s) == "");
  CHECK(child.read_line(5s) == "two");
  CHECK_FALSE(child.read_line(5s).has_value());
  CHECK(child.wait(5s) == exit_status{.code = 0, .signal = {}});
}

TEST_CASE("reading from a child process that prints nothing ends with its time limit") {
  child_process child{{"tail", "-f", "/dev/null"}};
  CHECK_FALSE(child.read_line(10ms).has_value());
  CHECK_FALSE(child.wait(10ms).has_value());
  child.send_signal(SIGKILL);
  CHECK(child.wait(5s) == exit_status{.code = {}, .signal = SIGKILL});
}

TEST_CASE("waiting for a line that never comes fails with what the child process said instead") {
  child_process child{{"sh", "-c", "echo not this; echo trouble >&2"}};
  REQUIRE_THROWS_WITH(child.wait_for_line("ready", 5s),
                      Catch::Contains("not this") && Catch::Contains("trouble"));
}

TEST_CASE("a child process gets the directory and the environment of its command") {
  child_process child{{.words = {"sh", "-c", "pwd; echo $GREETING"},
                       .environment = {{"GREETING", "hello"}},
                       .directory = "/"}};
  CHECK(child.read_rest(5s) == "/\nhello\n");
}

TEST_CASE("a program that does not exist ends at once with code 127") {
  child_process child{{"no-such-program-here"}};
  CHECK(child.wait(5s) == exit_status{.code = 127, .signal = {}});
}

TEST_CASE("a child process does not outlive its object") {
  pid_t pid = 0;
  {
    child_process child{{"tail", "-f", "/dev/null"}};
    pid = child.pid();
  }
  CHECK(::kill(pid, 0) == -1);
}
