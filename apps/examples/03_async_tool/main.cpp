// A tool that waits need not hold a thread meanwhile: it begins the work, returns at once, and
// answers when the loop calls back. Thousands of such runs wait at the same time on one thread.
//
// Its three duties: take the run's `stop`, so that a cancelled task closes its connection; take its
// deadline; and be quick, because others wait for the thread that calls it.
#include "actors/node.hpp"
#include "libagent/adapters/asio_net.hpp"
#include "libagent/adapters/http_server.hpp"
#include "libagent/record/json.hpp"
#include "libagent/tools/make_async_tool.hpp"

#include <iostream>

using namespace libagent;

// [docs: async tool]
struct line_request {
  std::string host, send;
  std::uint16_t port = 0;
};

bool inspect(auto& f, line_request& x) {
  return record(f, x, "line_request", field("host", "Name or address.", x.host),
                field("port", "TCP port.", x.port), field("send", "What to say first.", x.send));
}

struct line {
  std::string text;
};

bool inspect(auto& f, line& x) {
  return record(f, x, "line", field("text", "What the server said.", x.text));
}

std::shared_ptr<tool> make_line_from(const std::shared_ptr<async_net>& net) {
  return make_async_tool(
      {.name = "line_from", .description = "Asks a TCP server for one line."},
      [net](const line_request& in, const tool_context& context, async_reply<line> reply) {
        net->exchange({.host = in.host,
                       .port = in.port,
                       .request = in.send,
                       .response_until = "\n",
                       .deadline = context.deadline,
                       .stop = context.stop},
                      [reply = std::move(reply)](const expected<std::string>& got) {
                        reply(got ? expected{line{*got}} : got.error());
                      });
      });
}

// [/docs]

/// Something to talk to: says 200 OK to whatever it is asked over HTTP.
class always_ok final : public http_handler {
public:
  void handle(http_exchange_ptr exchange) override { exchange->respond({.status = 200}); }
};

int main() {
  const auto server = make_http_server({.port = 0}, std::make_shared<always_ok>());
  const auto port = server->start();
  auto tools = std::make_shared<tool_registry>();
  auto added = tools->add(make_line_from(make_async_net()));
  auto node = actors::node::start({}, tools, {});
  if (!port || !added || !node) {
    std::cerr << "the example cannot start\n";
    return 1;
  }
  for (const std::uint16_t to : {*port, std::uint16_t{1}}) {
    const line_request asked{.host = "127.0.0.1", .send = "GET / HTTP/1.0\r\n\r\n", .port = to};
    const auto ended =
        (*node)->client().run({.target = "line_from", .arguments = {to_json(asked)}});
    if (!ended) {
      std::cout << to_string(ended.error()) << "\n";
    } else {
      std::cout << (ended->result ? ended->result->text : to_string(*ended->failure)) << "\n";
    }
  }
}
