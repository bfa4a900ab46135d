#include "apps/agent/line_reader.hpp"

#include <clocale>
#include <fcntl.h>
#include <histedit.h>
#include <iostream>
#include <langinfo.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <termios.h>
#include <unistd.h>

namespace libagent::app {

namespace {

constexpr int history_lines_max = 1'000;

/// How the terminal was before the first line; for `restore_terminal`.
termios first_terminal_mode;
bool has_terminal_mode = false;

/// libedit reads characters in the encoding of the locale, which may not have been set up.
void use_utf8() {
  // NOLINTBEGIN(concurrency-mt-unsafe): before any line is read, nothing else asks for it.
  std::setlocale(LC_CTYPE, "");
  if (std::string_view{nl_langinfo(CODESET)} != "UTF-8")
    std::setlocale(LC_CTYPE, "C.UTF-8");
  // NOLINTEND(concurrency-mt-unsafe)
}

/// Makes sure of the file, and that nobody else can read it; false: it cannot be used.
bool prepare_history(const std::filesystem::path& file) {
  if (file.empty())
    return false;
  std::error_code failed;
  std::filesystem::create_directories(file.parent_path(), failed);
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (opened < 0)
    return false;
  const bool is_private = ::fchmod(opened, S_IRUSR | S_IWUSR) == 0;
  ::close(opened);
  return is_private;
}

unsigned char empty_or_end(EditLine* line, int) {
  const auto* const typed = el_wline(line);
  const auto length = static_cast<int>(typed->lastchar - typed->buffer);
  if (length == 0)
    return CC_EOF;
  el_cursor(line, static_cast<int>(typed->lastchar - typed->cursor));
  el_deletestr(line, length);
  return CC_REFRESH;
}

}  // namespace

struct line_reader::editor {
  explicit editor(const std::filesystem::path& file)
      : history_file{prepare_history(file) ? file.string() : std::string{}},
        past{history_init()},
        line{el_init("agent", stdin, stdout, stderr)} {
    HistEvent event{};
    history(past, &event, H_SETSIZE, history_lines_max);
    history(past, &event, H_SETUNIQUE, 1);
    if (!history_file.empty())
      history(past, &event, H_LOAD, history_file.c_str());
    el_set(line, EL_CLIENTDATA, this);
    el_set(
        line, EL_PROMPT, +[](EditLine* of) -> char* {
          void* self = nullptr;
          el_get(of, EL_CLIENTDATA, &self);
          return static_cast<editor*>(self)->prompt.data();
        });
    el_set(line, EL_EDITOR, "emacs");
    el_set(line, EL_HIST, &::history, past);
    // Ctrl-C is a key here and no signal: a signal would end the program in the middle of a line.
    el_set(line, EL_SETTY, "-d", "-isig", nullptr);
    el_set(line, EL_ADDFN, "empty-or-end", "Empty the line, or end", &empty_or_end);
    el_set(line, EL_BIND, "^C", "empty-or-end", nullptr);
    el_set(line, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  }

  editor(const editor&) = delete;
  editor& operator=(const editor&) = delete;

  ~editor() {
    el_end(line);
    history_end(past);
  }

  [[nodiscard]] std::optional<std::string> read() const {
    el_resize(line);
    int length = 0;
    const char* const typed = el_gets(line, &length);
    if (typed == nullptr || length <= 0) {
      std::cout << '\n';
      return std::nullopt;
    }
    std::string text(typed, static_cast<std::size_t>(length));
    text.erase(text.find_last_not_of("\r\n") + 1);
    return text;
  }

  void remember(const std::string& text) const {
    if (text.find_first_not_of(" \t") == std::string::npos)
      return;
    HistEvent event{};
    history(past, &event, H_ENTER, text.c_str());
    if (!history_file.empty())
      history(past, &event, H_SAVE, history_file.c_str());
  }

  std::string prompt;
  std::string history_file;  ///< Empty: it is not kept.
  History* past;
  EditLine* line;
};

line_reader::line_reader(const std::filesystem::path& history_file) {
  if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
    return;
  use_utf8();
  has_terminal_mode = tcgetattr(STDIN_FILENO, &first_terminal_mode) == 0;
  editor_ = std::make_unique<editor>(history_file);
}

line_reader::~line_reader() = default;

std::optional<std::string> line_reader::read(const std::string& prompt) {
  auto text = ask(prompt);
  if (text && editor_)
    editor_->remember(*text);
  return text;
}

std::optional<std::string> line_reader::ask(const std::string& prompt) {
  if (editor_) {
    editor_->prompt = prompt;
    return editor_->read();
  }
  std::string text;
  if (!std::getline(std::cin, text))
    return std::nullopt;
  if (text.ends_with('\r'))
    text.pop_back();
  return text;
}

void line_reader::restore_terminal() {
  if (has_terminal_mode)
    tcsetattr(STDIN_FILENO, TCSANOW, &first_terminal_mode);
}

}  // namespace libagent::app
