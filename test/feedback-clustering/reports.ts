/** Reports of our own writing, as people write them: one list for each thing they are about. */
export const reportsByTheme: Readonly<Record<string, readonly string[]>> = {
  login: [
    'Cannot log in after the update',
    'Login fails since the last update, it says wrong password',
    'I cannot log in any more, the login page rejects my password',
    'After updating the app my login is rejected',
    'login not working after update',
    'Wrong password on the login page although it is right',
  ],
  export: [
    'CSV export has no header row',
    'The exported CSV file is missing its header',
    'Exporting to csv drops the header line',
    'Header row missing in CSV export of the report',
    'csv export: header missing',
  ],
  dark: [
    'Please add a dark mode',
    'Dark theme would be nice for the dashboard',
    'Is there a dark mode for the dashboard? My eyes hurt at night',
    'Feature request: dark mode',
    'Add dark theme',
  ],
  upload: [
    'Uploading a large file fails with a timeout',
    'Large uploads time out after one minute',
    'File upload times out when the file is large',
    'Upload of large files: timeout error',
    'timeout while uploading big file',
  ],
  invoice: [
    'My invoice shows the wrong tax rate',
    'Tax on the invoice is calculated wrong',
    'Wrong tax on invoices for customers abroad',
    'The invoice total is wrong because of the tax rate',
    'invoice: tax rate wrong',
  ],
  notification: [
    'I get every email notification twice',
    'Duplicate email notifications for each comment',
    'Email notifications are sent twice',
    'Notifications by email arrive two times',
    'Each comment sends me two email notifications',
  ],
  crash: [
    'Der Absturz passiert beim Öffnen der Kamera',
    'App stürzt ab, wenn ich die Kamera öffne',
    'Absturz der App beim Öffnen der Kamera',
    'Kamera öffnen führt zum Absturz',
  ],
  alone: ['Where can I find the documentation of the webhook signature?'],
};
