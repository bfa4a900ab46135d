// A tool is a struct that describes itself and a function: twelve lines, and it can be called with
// checked JSON, by people, agents, HTTP clients and other nodes.
#include "actors/node.hpp"
#include "libagent/record/json.hpp"

#include <iostream>

using namespace libagent;

// [docs: tool]
struct rectangle {
  double width = 0, height = 0;
};

bool inspect(auto& f, rectangle& x) {
  return record(f, x, "rectangle", field("width", "In metres.", x.width),
                field("height", "In metres.", x.height));
}

expected<void> add_turn_tool(tool_registry& tools) {
  return tools.add({.name = "turn", .description = "Turns a rectangle by 90 degrees."},
                   [](const rectangle& r) { return rectangle{r.height, r.width}; });
}

// [/docs]

int main() {
  auto tools = std::make_shared<tool_registry>();
  if (auto added = add_turn_tool(*tools); !added) {
    std::cerr << to_string(added.error()) << "\n";
    return 1;
  }
  auto node = actors::node::start({}, tools, {});
  if (!node) {
    std::cerr << to_string(node.error()) << "\n";
    return 1;
  }
  for (const auto* arguments : {R"({"width":3,"height":4})", R"({"width":"wide"})"}) {
    const auto ended = (*node)->client().run({.target = "turn", .arguments = {arguments}});
    std::cout << arguments << " -> " << (ended ? to_json(*ended->result) : to_string(ended.error()))
              << "\n";
  }
}
