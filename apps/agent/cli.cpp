#include "apps/agent/cli.hpp"

#include "apps/agent/cli_groups.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

namespace libagent::app {

namespace {

constexpr const char* examples = R"(Examples:
  agent ask "What does the memory monitor do?" --docs docs
  agent chat --docs ~/notes
  agent chat --agent assistant --models-url http://127.0.0.1:8081/v1 --model qwen
  agent run calculate '{"expression": "2^10"}'
  agent serve --docs docs --port 8080
  agent tree
  agent tasks list --state dead,failed
  agent top

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing found, 130 interrupted.
Options of the configuration can also come from a file (--config) or from the
environment (LIBAGENT_HTTP_PORT for http.port); `agent config show` lists them.)";

/// Builds the parser; each subcommand writes into `result` when it was chosen.
class command_line {
public:
  command_line() : app_{"An agent that answers from your documents, on supervised actors."} {
    app_.name("agent");
    app_.set_version_flag("--version", "agent " LIBAGENT_VERSION);
    app_.footer(examples);
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.get_formatter()->column_width(34);
    app_.add_option("--config", config_file_, "Configuration file (JSON)")
        ->check(CLI::ExistingFile);
    app_.add_option("--set", sets_, "Set an option, for example --set tasks.workers=1")
        ->type_name("KEY=VALUE");
    add_ask();
    add_chat();
    add_serve();
    add_run();
    add_tools();
    add_tree();
    add_top();
    declare_tasks(app_, tasks_, [this] { result_.command = tasks_; });
    declare_schedules(app_, schedules_, [this] { result_.command = schedules_; });
    add_agents();
    declare_sessions(app_, sessions_, [this] { result_.command = sessions_; });
    declare_approvals(app_, approvals_, [this] { result_.command = approvals_; });
    add_config();
    add_command("worker", "", worker_)->group("");  // For its own child processes.
  }

  std::variant<invocation, int> read(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
      return app_.exit(problem) == 0 ? exit_ok : exit_usage;
    }
    return take();
  }

private:
  /// A flag that stands for an option of the configuration.
  void add_setting(CLI::App* command, const char* flag, const char* key, const char* help,
                   const char* type = "TEXT") {
    command
        ->add_option_function<std::string>(
            flag,
            [this, key](const std::string& value) { result_.settings.emplace_back(key, value); },
            help)
        ->type_name(type);
  }

  void add_docs(CLI::App* command) {
    add_setting(command, "--docs", "documents.folder", "Folder with the documents", "DIR");
  }

  template <class Command>
  CLI::App* add_command(const char* name, const char* help, Command& command) {
    auto* added = app_.add_subcommand(name, help);
    added->fallthrough();
    added->callback([this, &command] { result_.command = command; });
    return added;
  }

  void add_ask() {
    auto* command = add_command("ask", "Answer one question, with citations", ask_);
    command->add_option("question", ask_words_, "What you want to know")->required();
    command->add_flag("--json", ask_.json, "Print the answer as JSON");
    add_docs(command);
  }

  void add_chat() {
    auto* command = add_command("chat", "Talk with an agent", chat_);
    command->add_option("--agent", chat_.agent, "Who answers; `agent agents` lists them")
        ->capture_default_str();
    auto* session =
        command->add_option("--session", chat_.session, "Go on with, or begin, the session NAME")
            ->type_name("NAME");
    command->add_flag("--new", chat_.is_new, "Begin a new session; else the last one goes on")
        ->excludes(session);
    command->add_flag("--verbose", chat_.verbose, "Show thoughts, tokens and cost");
    command->add_option("--url", chat_.url, "Talk with the server at this URL");
    add_docs(command);
    add_models(command);
  }

  void add_models(CLI::App* command) {
    add_setting(command, "--models", "models.file", "File with servers of models", "FILE");
    add_setting(command, "--models-url", "models.url", "One OpenAI-compatible server", "URL");
    add_setting(command, "--model", "models.model", "A model of that server", "NAME");
    add_setting(command, "--agents", "agents.folder", "Folder with declared agents", "DIR");
  }

  void add_serve() {
    auto* command = add_command("serve", "Serve HTTP on this machine", serve_);
    add_docs(command);
    add_setting(command, "--host", "http.host", "Address to listen to (default: loopback)");
    add_setting(command, "--port", "http.port", "Port to listen to; 0: any free one", "PORT");
    add_setting(command, "--node", "node.name", "Name of this node among its peers", "NAME");
    add_setting(command, "--listen", "node.listen", "Take peers at this address", "HOST:PORT");
    add_setting(command, "--join", "node.join", "Connect to the peer at this address", "HOST:PORT");
    add_setting(command, "--tools", "node.tools", "Offer only these tools", "NAME,...");
    add_models(command);
    add_setting(command, "--keys", "http.keys", "File with the keys of the API", "FILE");
  }

  void add_run() {
    auto* command = add_command("run", "Run a tool", run_);
    command->add_option("tool", run_.tool, "Its name; `agent tools` lists them")->required();
    command->add_option("arguments", run_.arguments, "Its input as JSON; - reads standard input");
    command->add_option("--timeout-ms", run_timeout_ms_, "Give up after this many milliseconds")
        ->check(CLI::PositiveNumber);
    auto* server = command->add_option("--server", run_.server, "Run it on the server at this URL");
    command
        ->add_option("--key", run_.key, "Idempotency key: given again, it stands for the same task")
        ->needs(server);
    add_docs(command);
  }

  void add_tools() {
    auto* command = add_command("tools", "List the tools", tools_);
    command->add_flag("--json", tools_.json, "Print them with their schemas");
    command->add_option("--server", tools_.server, "Ask the server at this URL");
  }

  void add_agents() {
    auto* command = add_command("agents", "List the agents of a server", agents_);
    command->add_flag("--json", agents_.json, "Print them as JSON");
    command->add_option("--server", agents_.server,
                        "URL of the server (default: the configured port)");
  }

  void add_tree() {
    auto* command = add_command("tree", "Show the live supervision tree of a server", tree_);
    command->add_flag("--json", tree_.json, "Print it as JSON");
    command->add_option("--server", tree_.server,
                        "URL of the server (default: the configured port)");
  }

  void add_top() {
    auto* command = add_command("top", "Show lanes, limits, memory and slow tools live", top_);
    command->add_option("--server", top_.server,
                        "URL of the server (default: the configured port)");
    command->add_option("--interval", top_seconds_, "Seconds between two looks")
        ->check(CLI::Range(0.1, 3600.0))
        ->capture_default_str();
    command->add_flag("--once", top_.once, "Print one page and end");
    command->add_flag("--json", top_.json, "Print the server's status as JSON");
  }

  void add_config() {
    auto* command = app_.add_subcommand("config", "Check or show the configuration");
    command->fallthrough();
    command->require_subcommand(1);
    using verb = config_command::verb;
    const auto add = [&](const char* name, const char* help, verb what) {
      auto* added = command->add_subcommand(name, help);
      added->fallthrough();
      added->callback([this, what] { result_.command = config_command{what}; });
    };
    add("check", "Say whether file, environment and flags make sense", verb::check);
    add("show", "Show every option, its value and where it comes from", verb::show);
    add("defaults", "Print a file with all defaults", verb::defaults);
    add("schema", "Print the JSON Schema of the file", verb::schema);
    add("reference", "Print the reference page in Markdown", verb::reference);
  }

  std::variant<invocation, int> take() {
    if (!config_file_.empty())
      result_.config_file = config_file_;
    for (const auto& setting : sets_) {
      const auto equals = setting.find('=');
      if (equals == std::string::npos) {
        std::fprintf(stderr, "agent: --set %s: expected KEY=VALUE\n", setting.c_str());
        return exit_usage;
      }
      result_.settings.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
    }
    if (auto* ask = std::get_if<ask_command>(&result_.command); ask && app_.got_subcommand("ask"))
      ask->question = joined(ask_words_);
    if (auto* run = std::get_if<run_command>(&result_.command); run && run_timeout_ms_ > 0)
      run->timeout = std::chrono::milliseconds{run_timeout_ms_};
    if (auto* top = std::get_if<top_command>(&result_.command))
      top->interval = std::chrono::milliseconds{std::llround(top_seconds_ * 1'000)};
    return std::move(result_);
  }

  /// A question needs no quotes.
  static std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words)
      text.append(text.empty() ? "" : " ").append(word);
    return text;
  }

  CLI::App app_;
  invocation result_;
  std::string config_file_;
  std::vector<std::string> sets_;
  std::vector<std::string> ask_words_;
  std::int64_t run_timeout_ms_ = 0;
  ask_command ask_;
  chat_command chat_;
  serve_command serve_;
  run_command run_;
  tools_command tools_;
  tree_command tree_;
  top_command top_;
  tasks_command tasks_;
  schedules_command schedules_;
  agents_command agents_;
  sessions_command sessions_;
  approvals_command approvals_;
  double top_seconds_ = 1;
  worker_command worker_;
};

}  // namespace

std::variant<invocation, int> read_command_line(int argc, char** argv) {
  return command_line{}.read(argc, argv);
}

}  // namespace libagent::app
