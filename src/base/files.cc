#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/assert.h"

namespace levada {
namespace {

std::int64_t modified_us(const struct stat& s) {
  return static_cast<std::int64_t>(s.st_mtim.tv_sec) * 1'000'000 + s.st_mtim.tv_nsec / 1000;
}

class RealFile : public File {
 public:
  RealFile(int fd, std::string path, std::uint64_t identity) : fd_(fd), path_(std::move(path)), identity_(identity) {}
  ~RealFile() override { ::close(fd_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  Result<std::size_t> read_at(std::uint64_t at, std::span<char> into) const override {
    std::size_t done = 0;
    while (done < into.size()) {
      ssize_t n = ::pread(fd_, into.data() + done, into.size() - done, static_cast<off_t>(at + done));
      if (n < 0 && errno == ESPIPE && at + done == read_of_pipe_) {
        n = ::read(fd_, into.data() + done, into.size() - done);
        if (n > 0) read_of_pipe_ += static_cast<std::uint64_t>(n);
      }
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return system_error("cannot read " + path_, errno);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  Result<void> write_at(std::uint64_t at, std::span<const std::string_view> pieces) override {
    std::array<iovec, 64> vector;
    std::size_t skip = 0;  // bytes of pieces.front() that are written already
    while (!pieces.empty()) {
      std::size_t count = std::min(pieces.size(), vector.size());
      for (std::size_t i = 0; i < count; ++i)
        vector[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};  // writev does not write to them
      vector[0].iov_base = static_cast<char*>(vector[0].iov_base) + skip;
      vector[0].iov_len -= skip;
      ssize_t n = ::pwritev(fd_, vector.data(), static_cast<int>(count), static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return system_error("cannot write " + path_, errno);
      at += static_cast<std::uint64_t>(n);
      skip += static_cast<std::size_t>(n);
      while (!pieces.empty() && skip >= pieces.front().size()) {
        skip -= pieces.front().size();
        pieces = pieces.subspan(1);
      }
    }
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(fd_) != 0) return system_error("cannot sync " + path_, errno);
    return {};
  }

  Result<std::uint64_t> size() const override {
    struct stat s;
    if (::fstat(fd_, &s) != 0) return system_error("cannot stat " + path_, errno);
    return static_cast<std::uint64_t>(s.st_size);
  }

  Result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return system_error("cannot truncate " + path_, errno);
    return {};
  }

  std::uint64_t identity() const override { return identity_; }

 private:
  int fd_;
  std::string path_;
  std::uint64_t identity_;
  mutable std::uint64_t read_of_pipe_ = 0;  // bytes
};

class RealFileLock : public FileLock {
 public:
  explicit RealFileLock(int fd) : fd_(fd) {}
  ~RealFileLock() override { ::close(fd_); }
  RealFileLock(const RealFileLock&) = delete;
  RealFileLock& operator=(const RealFileLock&) = delete;

 private:
  int fd_;
};

// A process starts with few files allowed at once (1024, mostly); the system grants more to those that ask.
bool allow_more_files() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return false;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

struct flock whole_file() {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return range;
}

// What the lock file's holder wrote into it.
std::string holder_text(int fd) {
  std::array<char, 256> who;
  ssize_t n = ::pread(fd, who.data(), who.size(), 0);
  return {who.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

DirectoryEntry entry_of(std::string name, const struct stat& s) {
  return {std::move(name), S_ISDIR(s.st_mode), static_cast<std::uint64_t>(s.st_size),
          static_cast<std::uint64_t>(s.st_ino), modified_us(s)};
}

class RealFiles : public Files {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int flags = mode == OpenMode::read ? O_RDONLY : O_RDWR | O_CREAT;
    int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EMFILE && allow_more_files()) fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (fd < 0) return system_error("cannot open " + path, errno);
    struct stat s;
    if (::fstat(fd, &s) != 0) {
      int error = errno;
      ::close(fd);
      return system_error("cannot stat " + path, error);
    }
    return std::unique_ptr<File>(new RealFile(fd, path, static_cast<std::uint64_t>(s.st_ino)));
  }

  Result<void> create_directories(const std::string& path) override {
    for (std::size_t at = 0; at != std::string::npos;) {
      at = path.find('/', at + 1);
      std::string part = path.substr(0, at);
      if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST)
        return system_error("cannot create directory " + part, errno);
    }
    struct stat s;
    if (::stat(path.c_str(), &s) != 0 || !S_ISDIR(s.st_mode))
      return system_error("cannot create directory " + path, ENOTDIR);
    return {};
  }

  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override {
    DIR* d = ::opendir(directory.c_str());
    if (!d) return system_error("cannot list " + directory, errno);
    std::vector<DirectoryEntry> entries;
    errno = 0;
    while (const dirent* e = ::readdir(d)) {
      std::string name = e->d_name;
      struct stat s;
      if (name == "." || name == "..") continue;
      if (::fstatat(::dirfd(d), e->d_name, &s, 0) == 0) entries.push_back(entry_of(std::move(name), s));
      errno = 0;
    }
    int failed = errno;
    ::closedir(d);
    if (failed) return system_error("cannot list " + directory, failed);
    std::ranges::sort(entries, {}, &DirectoryEntry::name);
    return entries;
  }

  Result<DirectoryEntry> entry(const std::string& path) override {
    struct stat s;
    if (::stat(path.c_str(), &s) != 0) return system_error("cannot find " + path, errno);
    return entry_of(file_name_of(path), s);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return system_error("cannot rename " + from + " to " + to, errno);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (::remove(path.c_str()) != 0) return system_error("cannot remove " + path, errno);
    return {};
  }

  Result<void> sync_directory(const std::string& path) override {
    int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return system_error("cannot open directory " + path, errno);
    int failed = ::fsync(fd) != 0 ? errno : 0;
    ::close(fd);
    if (failed) return system_error("cannot sync directory " + path, failed);
    return {};
  }

  // Locks of the open file description: they go with the file descriptor, and unlike flock() they can be asked about.
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, std::string_view holder) override {
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return system_error("cannot open " + path, errno);
    auto lock = std::make_unique<RealFileLock>(fd);
    struct flock whole = whole_file();
    if (::fcntl(fd, F_OFD_SETLK, &whole) != 0) {
      if (errno != EAGAIN && errno != EACCES) return system_error("cannot lock " + path, errno);
      std::string who = holder_text(fd);
      return Error(ErrorKind::refused, path + " is held by another process")
          .why(who.empty() ? "its holder left no name" : "held by " + who)
          .remedy("Stop that one first, or take another directory.");
    }
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size()))
      return system_error("cannot write " + path, errno);
    return std::unique_ptr<FileLock>(std::move(lock));
  }

  Result<std::optional<std::string>> lock_holder(const std::string& path) override {
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return std::nullopt;
    if (fd < 0) return system_error("cannot open " + path, errno);
    struct flock whole = whole_file();
    int failed = ::fcntl(fd, F_OFD_GETLK, &whole) != 0 ? errno : 0;
    std::string who = holder_text(fd);
    ::close(fd);
    if (failed) return system_error("cannot ask for the lock of " + path, failed);
    if (whole.l_type == F_UNLCK) return std::nullopt;
    return who;
  }

  Result<std::uint64_t> free_bytes(const std::string& path) override {
    struct statvfs s;
    if (::statvfs(path.c_str(), &s) != 0) return system_error("cannot stat file system of " + path, errno);
    return static_cast<std::uint64_t>(s.f_bavail) * s.f_frsize;
  }
};

}  // namespace

Result<void> File::read_exactly_at(std::uint64_t at, std::span<char> into) const {
  std::size_t n = LV_TRY(read_at(at, into));
  if (n != into.size())
    return Error(ErrorKind::damaged, "file ends " + std::to_string(into.size() - n) + " bytes early");
  return {};
}

Files& real_files() {
  static RealFiles files;
  return files;
}

Result<std::string> read_file(Files& files, const std::string& path) {
  auto file = LV_TRY(files.open(path, OpenMode::read));
  std::string content;
  for (std::size_t step = LV_TRY(file->size()) + 1;; step = 4096) {
    std::size_t size = content.size();
    content.resize(size + step);
    std::size_t n = LV_TRY(file->read_at(size, std::span(content).subspan(size)));
    content.resize(size + n);
    if (n < step) return content;
  }
}

Result<void> replace_file(Files& files, const std::string& path, std::string_view content) {
  std::string fresh = path + ".new";
  auto file = LV_TRY(files.open(fresh, OpenMode::write));
  LV_TRY(file->truncate(0));
  LV_TRY(file->write_at(0, content));
  LV_TRY(file->sync());
  LV_TRY(files.rename(fresh, path));
  return files.sync_directory(directory_of(path));
}

std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty() || name.starts_with('/')) return std::string(name);
  std::string path(directory);
  if (!path.ends_with('/')) path += '/';
  return path += name;
}

std::string directory_of(std::string_view path) {
  std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

std::string file_name_of(std::string_view path) {
  std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace levada
