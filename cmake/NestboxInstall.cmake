# Where everything goes that is installed beside the programs. The package (debian/rules) is what these rules install.

set(nestbox_units lib/systemd/system)   # below the prefix, as systemd has it, on every architecture
set(nestbox_examples "${CMAKE_INSTALL_DATADIR}/doc/nestbox/examples")

# A short file, which upgrades will hardly ever change: who has written into it is not asked about it again and again.
install(FILES config/start.yaml RENAME nestbox.yaml DESTINATION "${CMAKE_INSTALL_FULL_SYSCONFDIR}/nestbox")
install(DIRECTORY DESTINATION "${CMAKE_INSTALL_FULL_SYSCONFDIR}/nestbox/nestbox.d")
install(FILES config/nestbox.yaml DESTINATION "${nestbox_examples}")
install(DIRECTORY config/examples/ DESTINATION "${nestbox_examples}" FILES_MATCHING PATTERN "*.yaml")

install(FILES systemd/nestbox.service DESTINATION "${nestbox_units}")
install(FILES systemd/sysusers.d/nestbox.conf DESTINATION lib/sysusers.d)
install(FILES systemd/tmpfiles.d/nestbox.conf DESTINATION lib/tmpfiles.d)
install(FILES systemd/udev/60-nestbox.rules DESTINATION lib/udev/rules.d)
install(FILES systemd/polkit/60-nestbox.rules DESTINATION "${CMAKE_INSTALL_DATADIR}/polkit-1/rules.d")
install(FILES scripts/completion/nestbox.bash RENAME nestbox
  DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")

# Manual pages are made by the programs themselves, from what their --help is made of. With sanitizers nothing is installed.
if(NOT NESTBOX_SANITIZE)
  set(nestbox_pages)
  function(nestbox_manual page program argument)
    set(file "${CMAKE_BINARY_DIR}/man/${page}")
    add_custom_command(OUTPUT "${file}"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${CMAKE_BINARY_DIR}/man"
      COMMAND ${program} ${argument} > "${file}"
      DEPENDS ${program}
      COMMENT "Writing the manual page ${page}" VERBATIM)
    string(REGEX MATCH "[0-9]$" section "${page}")
    install(FILES "${file}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
    set(nestbox_pages ${nestbox_pages} "${file}" PARENT_SCOPE)
  endfunction()
  nestbox_manual(nestbox.1 nestbox --man-page)
  nestbox_manual(nestboxd.8 nestboxd --man-page)
  nestbox_manual(nestbox.yaml.5 config_reference manual)
  add_custom_target(manual ALL DEPENDS ${nestbox_pages})
endif()
