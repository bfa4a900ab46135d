#include "apps/agent/sessions_command.hpp"

#include "apps/agent/cli.hpp"
#include "apps/agent/remote.hpp"
#include "apps/agent/settings.hpp"
#include "apps/agent/terminal.hpp"
#include "libagent/api/door_listings.hpp"
#include "libagent/api/listing.hpp"
#include "libagent/api/session_page.hpp"
#include "libagent/http/url.hpp"
#include "libagent/record/json.hpp"
#include "libagent/session/session_view.hpp"

#include <iostream>
#include <utility>

namespace libagent::app {

namespace {

std::string path_of_session(const std::string& id) {
  return "/v1/sessions/" + percent_encode(id);
}

int list_sessions(remote_agent& server, const sessions_command& command) {
  auto path = "/v1/sessions?limit=" + std::to_string(command.limit);
  if (!command.agent.empty())
    path += "&agent=" + percent_encode(command.agent);
  if (command.open)
    path += "&open=true";
  const auto body = server.get(path);
  if (!body)
    return report_failure(body.error());
  if (command.json) {
    print_json(*body);
    return exit_ok;
  }
  const auto sessions = listing_from_json<session_line>(*body);
  if (!sessions)
    return report_failure(sessions.error());
  if (sessions->empty())
    complain("there are no such sessions");
  std::cout << render_sessions(*sessions, unix_now());
  return exit_ok;
}

int show_session(remote_agent& server, const sessions_command& command, const std::string& id) {
  const auto body = server.get(path_of_session(id));
  if (!body)
    return report_failure(body.error());
  if (command.json) {
    print_json(*body);
    return exit_ok;
  }
  const auto session = from_json<session_view>(*body);
  if (!session)
    return report_failure(session.error());
  std::cout << render_session(*session, unix_now(), stdout_style());
  return exit_ok;
}

int remove_sessions(remote_agent& server, const std::vector<std::string>& ids) {
  int code = exit_ok;
  for (const auto& id : ids) {
    if (const auto removed = server.send("DELETE", path_of_session(id)); removed) {
      std::cout << id << " deleted\n";
    } else {
      code = report_failure(removed.error());
    }
  }
  return code;
}

/// Sessions in which something waits for a person.
expected<std::vector<session_view>> waiting_sessions(remote_agent& server) {
  const auto body = server.get("/v1/sessions?open=true&limit=1000");
  if (!body)
    return body.error();
  const auto lines = listing_from_json<session_line>(*body);
  if (!lines)
    return lines.error();
  std::vector<session_view> waiting;
  for (const auto& line : *lines) {
    if (!line.needs_approval)
      continue;
    const auto text = server.get(path_of_session(line.id));
    auto session = text ? from_json<session_view>(*text) : expected<session_view>{text.error()};
    if (session) {
      waiting.push_back(*std::move(session));
    } else if (session.error().code != errc::not_found) {
      return session.error();
    }
  }
  return waiting;
}

int list_approvals(remote_agent& server, bool json) {
  const auto waiting = waiting_sessions(server);
  if (!waiting)
    return report_failure(waiting.error());
  if (json) {
    std::vector<pending_approval> all;
    for (const auto& session : *waiting)
      all.insert(all.end(), session.approvals.begin(), session.approvals.end());
    print_json(listing_json(std::move(all)));
    return exit_ok;
  }
  if (waiting->empty())
    complain("nothing waits for a person");
  std::cout << render_approvals(*waiting);
  return exit_ok;
}

int decide_approvals(remote_agent& server, const approvals_command& command) {
  const bool is_allowed = command.what == approvals_command::verb::allow;
  const auto decision = to_json(approval_decision{.allowed = is_allowed, .reason = command.reason});
  int code = exit_ok;
  for (const auto& id : command.ids) {
    const auto path = "/v1/approvals/" + percent_encode(id);
    if (const auto done = server.send("POST", path, decision); done) {
      std::cout << id << (is_allowed ? " allowed\n" : " denied\n");
    } else {
      code = report_failure(done.error());
    }
  }
  return code;
}

}  // namespace

int run_agents(const agents_command& command, const loaded_config& config) {
  remote_agent server{command.server.value_or(server_url(config.values))};
  const auto body = server.get("/v1/agents");
  if (!body)
    return report_failure(body.error());
  if (command.json) {
    print_json(*body);
    return exit_ok;
  }
  const auto agents = listing_from_json<agent_info>(*body);
  if (!agents)
    return report_failure(agents.error());
  std::cout << render_agents(*agents, stdout_style());
  return exit_ok;
}

int run_sessions(const sessions_command& command, const loaded_config& config) {
  using verb = sessions_command::verb;
  remote_agent server{command.server.value_or(server_url(config.values))};
  switch (command.what) {
    case verb::list: return list_sessions(server, command);
    case verb::show: return show_session(server, command, command.ids.front());
    case verb::remove: break;
  }
  return remove_sessions(server, command.ids);
}

int run_approvals(const approvals_command& command, const loaded_config& config) {
  remote_agent server{command.server.value_or(server_url(config.values))};
  return command.what == approvals_command::verb::list ? list_approvals(server, command.json)
                                                       : decide_approvals(server, command);
}

}  // namespace libagent::app
