#include "libagent/api/render.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

agent_answer two_citations() {
  return {.text = "It samples. [1]",
          .found = true,
          .model = "extractive",
          .citations = {{.file = "memory.md", .line_first = 7, .line_last = 7, .quote = "a"},
                        {.file = "cache.md", .line_first = 3, .line_last = 5, .quote = "b"}}};
}

}  // namespace

TEST_CASE("an answer ends with its numbered file:line citations", "[api]") {
  CHECK(render_answer(two_citations(), {}) ==
        "It samples. [1]\n\n[1] memory.md:7\n[2] cache.md:3-5\n");
}

TEST_CASE("an answer without citations has no empty list", "[api]") {
  CHECK(render_answer({.text = "I found nothing.", .found = false}, {}) == "I found nothing.\n");
}

TEST_CASE("colour only adds escapes around the same words", "[api]") {
  const auto colored = render_answer(two_citations(), {.color = true});
  CHECK(colored.find("\x1b[") != std::string::npos);
  CHECK(colored.find("[1] memory.md:7") != std::string::npos);
}

TEST_CASE("a tree shows nesting, strategy, state, restarts and the last failure", "[api]") {
  supervision_node worker{.name = "dispatcher", .kind = "worker", .state = "restarting"};
  worker.restarts = 2;
  worker.last_failure = "internal: boom";
  supervision_node tasks{.name = "tasks", .kind = "supervisor", .state = "running"};
  tasks.strategy = "rest_for_one";
  tasks.children = {worker, {.name = "handlers", .kind = "supervisor", .state = "running"}};
  supervision_node root{.name = "root", .kind = "supervisor", .state = "running"};
  root.strategy = "one_for_one";
  root.children = {{.name = "cache", .kind = "worker", .state = "running"}, tasks};

  CHECK(render_tree(root, {}) ==
        "root (one_for_one)\n"
        "|-- cache\n"
        "`-- tasks (rest_for_one)\n"
        "    |-- dispatcher restarting, 2 restarts, last: internal: boom\n"
        "    `-- handlers\n");
}

TEST_CASE("a progress line shows bar, percent and message within its width", "[api]") {
  CHECK(render_progress({.fraction = 0.5, .message = "indexing"}, 80) ==
        "[############............]  50% indexing");
  CHECK(render_progress({.fraction = 1.5, .message = ""}, 80) ==
        "[########################] 100% ");
  CHECK(render_progress({.fraction = 0, .message = "x"}, 10).size() == 10);
}

TEST_CASE("a progress line is never cut inside a character", "[api]") {
  const auto line = render_progress({.fraction = 0, .message = "\u6587\u6587"}, 33);
  CHECK(line == "[........................]   0% ");
}
