#include "libagent/api/metrics_text.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <sstream>

using namespace libagent;

TEST_CASE("a page has help, type and samples by lane", "[api]") {
  dispatcher_status dispatcher;
  dispatcher.interactive.queued = 3;
  dispatcher.batch.queued = 4;
  const auto page = metrics_text({.dispatcher = dispatcher});
  CHECK(page.find("# HELP agent_tasks_queued Tasks waiting.\n# TYPE agent_tasks_queued gauge\n"
                  "agent_tasks_queued{lane=\"interactive\"} 3\n"
                  "agent_tasks_queued{lane=\"batch\"} 4\n") != std::string::npos);
}

TEST_CASE("a part that did not answer is missing, the others are there", "[api]") {
  memory_status memory;
  memory.level = pressure_level::high;
  const auto page = metrics_text({.memory = memory});
  CHECK(page.find("agent_memory_pressure_level 2\n") != std::string::npos);
  CHECK(page.find("agent_tasks_") == std::string::npos);
  CHECK(page.find("agent_cache_") == std::string::npos);
}

TEST_CASE("no metric family is declared twice", "[api]") {
  const auto page = metrics_text({.dispatcher = dispatcher_status{},
                                  .memory = memory_status{},
                                  .cache = cache_stats{},
                                  .cache_disk = cache_level_stats{},
                                  .journal = journal_stats{}});
  std::istringstream lines{page};
  std::set<std::string> families;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE "))
      CHECK(families.insert(line).second);
  }
  CHECK(families.size() > 15);
}

TEST_CASE("a journal tells its counters and the time that commits took", "[api]") {
  const auto page = metrics_text(
      {.journal = journal_stats{
           .tasks = 7, .file_bytes = 4096, .commits = 3, .writes = 9, .commit_us = 1'500'042}});
  CHECK(page.find("agent_journal_tasks 7\n") != std::string::npos);
  CHECK(page.find("agent_journal_file_bytes 4096\n") != std::string::npos);
  CHECK(page.find("agent_journal_commits_total 3\n") != std::string::npos);
  CHECK(page.find("agent_journal_writes_total 9\n") != std::string::npos);
  CHECK(page.find("agent_journal_commit_seconds_total 1.500042\n") != std::string::npos);
  CHECK(metrics_text({}).find("agent_journal") == std::string::npos);
}
