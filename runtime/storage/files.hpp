#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <system_error>

namespace rota {

/// While it lives, whatever this process makes is its owner's alone.
class private_files {
public:
  private_files();
  ~private_files();
  private_files(const private_files&) = delete;
  private_files& operator=(const private_files&) = delete;

private:
  mode_t before_;
};

/// Why a file cannot be read, written or whatever: one sentence.
std::string cannot(const std::string& path, const char* what,
                   const std::error_code& why);

/// What errno says.
std::error_code last_error();

// Files that must be there after a power failure. Each function but the first
// three returns one sentence if it cannot.

/// Whether what was written to a file or directory has reached the disk.
bool sync_path(const std::string& path);

/// The same for the directory that a file is in: the file's name in it.
bool sync_directory_of(const std::string& path);

/// @returns Nothing if the file cannot be read.
std::optional<std::string> content_of(const std::string& path);

/// Writes a small file in the place of any that is there: all of it or nothing.
std::string write_durably(const std::string& path, const std::string& content);

/// Gives a file that was written its name, in the place of any that has it:
/// whoever finds it there finds all of it.
std::string name_durably(const std::string& part, const std::string& path);

std::string copy_durably(const std::string& from, const std::string& to);

/// A second name for the same file; a copy where the file system has none.
std::string link_or_copy(const std::string& from, const std::string& to);

/// Makes a directory, and those above it that are missing, for its owner only.
/// @returns Why it cannot.
std::error_code make_private_path(const std::string& path);

/// The same.
std::string make_private_directory(const std::string& path);

/// Syncs all that is in a directory, and the directory.
std::string sync_tree(const std::string& dir);

} // namespace rota
